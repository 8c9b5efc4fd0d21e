import Peering

/// What nodes pass on to each other.
extension MetricsText {
  mutating func write(peers reports: [PeerCounts]) {
    guard !reports.isEmpty else { return }
    func total(_ value: (PeerCounts) -> Int) -> Int64 { Int64(reports.reduce(0) { $0 + value($1) }) }
    for outcome in PeerCounts.Outcome.allCases {
      sample(
        "martlet_forwarded_total", .counter, "Requests for sessions of other nodes, by how they ended.",
        [("outcome", outcome.rawValue)], total { $0.forwarded[outcome, default: 0] })
    }
    sample(
      "martlet_forward_tunnels", .gauge, "WebSockets whose sessions are on other nodes.", [], total { $0.tunnels })
    sample(
      "martlet_forward_connections", .gauge, "Connections to other nodes, idle ones too.", [],
      total { $0.connections })
    sample(
      "martlet_private_admitted_total", .counter, "Requests that other nodes passed on to this one.", [],
      total { $0.admitted })
    for reason in PeerRefusal.allCases {
      sample(
        "martlet_private_refused_total", .counter, "Requests refused at the private door, by reason.",
        [("reason", reason.rawValue)], total { $0.refused[reason, default: 0] })
    }
  }
}
