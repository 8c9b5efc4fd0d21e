import RedisBroker

/// What the node knows of the list of nodes.
extension MetricsText {
  mutating func write(list counters: [NodeListCounters]) {
    guard let list = counters.first else { return }
    sample(
      "martlet_node_listed", .gauge, "Whether the other nodes can read this one's record.", [], list.isListed ? 1 : 0)
    for role in [Role.api, .socket, .all] {
      sample(
        "martlet_nodes", .gauge, "Nodes on the cluster's list at this one's last beat, by role.",
        [("role", role.rawValue)], Int64(list.listed[role.rawValue, default: 0]))
    }
    sample(
      "martlet_joins_refused_total", .counter,
      "Nodes that were not let in since they differ or take another's name; counted in Redis, the same at every node.",
      [], Int64(list.refused))
  }
}
