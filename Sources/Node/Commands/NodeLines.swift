import RedisBroker

/// The nodes of the cluster as `doctor` shows them, a line each, and how they stand to this machine's settings.
struct NodeLines {
  private let nodes: [NodeRecord]
  private let agreement: NodeAgreement

  /// The nodes on the list, beside settings that another one would be started with.
  init(_ nodes: [NodeRecord], beside agreement: NodeAgreement) {
    self.nodes = nodes
    self.agreement = agreement
  }

  /// `socket-1  socket  0.1.0  up 3 h  127.0.0.1:8040`, and what differs.
  func text(at now: Int64) -> [String] {
    nodes.flatMap { node in
      let age = node.since.map { "up \(NodeLines.age(now - $0))" } ?? "since when is not told"
      let words = [node.id, node.role, node.version, age, node.addresses.joined(separator: " ")]
      let differences = (node.agreement.map { agreement.unequal(to: $0, of: node.id) } ?? []).map { "  differs: \($0)" }
      return ([words.joined(separator: "  ")] + differences).map(NodeLines.plain)
    }
  }

  /// Whether a node with these settings would be let in.
  var verdict: Result<String, StartFailure> {
    let differences = nodes.compactMap { node in
      node.agreement.flatMap { agreement.differences(from: $0, of: node.id).first }
    }
    if let first = differences.first {
      return .failure(StartFailure("a node with these settings is not let in: \(NodeLines.plain(first))"))
    }
    let roles = Dictionary(grouping: nodes, by: \.role).mapValues(\.count).sorted { $0.key < $1.key }
    let counts = roles.map { "\($0.value) \(NodeLines.plain($0.key))" }.joined(separator: ", ")
    return .success(
      nodes.isEmpty ? "none is listed; the first one joins nobody" : "\(counts); one with these settings is let in")
  }

  static func age(_ milliseconds: Int64) -> String {
    let seconds = max(0, milliseconds / 1_000)
    return switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7_200: "\(seconds / 60) min"
    case ..<172_800: "\(seconds / 3_600) h"
    default: "\(seconds / 86_400) days"
    }
  }

  /// What stands in Redis anybody may have written, and a terminal obeys what is not printable.
  private static func plain(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.prefix(300).map { $0.value < 0x20 || 0x7F...0x9F ~= $0.value ? "?" : $0 }))
  }
}
