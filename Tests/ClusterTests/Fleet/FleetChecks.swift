import ChatCore
import Delivery
import MemoryAdapters
import RedisBroker

@testable import TestKit

/// What must hold of a whole fleet after the calm, besides what holds of every cluster.
///
/// - Presence: each client knows of those whom it watches what is true, unless one of the two was put out of a
///   conversation and may have lost the right to; who went with a dead node was told to be gone within ``ghostMax``.
/// - Even: subscriptions are shared out over the masters.
/// - Once: no entry was published more often than it was stored, however many members its conversation has.
/// - Healed: everything is connected and followed, and nobody waits for PostgreSQL.
struct FleetChecks {
  /// From the death of a node to its users' being gone everywhere: the promise.
  static let ghostMax: Milliseconds = 15_000

  private(set) var failures: [String] = []
  private let fleet: Fleet

  init(_ fleet: Fleet) {
    self.fleet = fleet
    checkPresence()
    checkEven()
    checkPublishes()
    checkHealed()
  }

  private mutating func checkPresence() {
    let isThere = Dictionary(
      uniqueKeysWithValues: fleet.clients.map { ($0.user.id, $0.line.map { !$0.node.isDead } ?? false) })
    for client in fleet.clients where client.line != nil && !fleet.putOut.contains(client.user.id) {
      for user in client.watched where !fleet.putOut.contains(user) {
        let sight = client.seen[user]
        if sight?.isOnline != isThere[user] {
          failures.append("\(client.user.username) takes \(user.rawValue) for \(sight.map { "\($0)" } ?? "unknown")")
        }
        guard let gone = fleet.ghosts[user], let sight, !sight.isOnline, let line = client.line,
          line.answeredAt < gone, sight.at - gone > FleetChecks.ghostMax
        else { continue }
        failures.append("\(client.user.username) heard after \(sight.at - gone) ms that \(user.rawValue) is gone")
      }
    }
  }

  private mutating func checkEven() {
    // Of a handful of conversations nothing can be said.
    guard fleet.settings.groups >= 50 else { return }
    let counts = fleet.quietSubscriptions
    let mean = Double(counts.reduce(0, +)) / Double(max(1, counts.count))
    if mean == 0 || Double(counts.max() ?? 0) > 1.25 * mean { failures.append("subscriptions per master: \(counts)") }
  }

  private mutating func checkPublishes() {
    let stored = fleet.groups.reduce(0) { $0 + fleet.head(of: $1) }
    let own = fleet.clients.reduce(0) { $0 + fleet.head(of: $1.user.ownConversation) }
    let published = fleet.meter.total(.publishes) + fleet.meter.total(.dropped)
    if published > stored + own { failures.append("\(published) payloads for \(stored + own) entries") }
  }

  private mutating func checkHealed() {
    var users: [ObjectIdentifier: Set<UserID>] = [:]
    for line in fleet.clients.compactMap(\.line) { users[ObjectIdentifier(line.node), default: []].insert(line.user) }
    for node in fleet.nodes where node.state == .ready {
      if !node.wire.isWhole { failures.append("\(node.name) does not reach every master") }
      if node.presence.office.counters.here != users[ObjectIdentifier(node)]?.count ?? 0 {
        failures.append("\(node.name) does not know who is here")
      }
    }
    if fleet.postgres.queue > 50 { failures.append("statements wait \(fleet.postgres.queue) ms after the calm") }
  }
}

extension Fleet {
  /// The last `seq` of a conversation.
  func head(of id: ConversationID) -> Int {
    let world = world
    let heads = time.finish { try? await world.heads(of: [id]) }
    return Int((heads ?? nil)?[id] ?? 0)
  }
}
