import ChatCore
import IORuntime
import MemoryAdapters

/// What every directory of presence must keep, as cases that run on any two nodes of one.
///
/// - Isolation: a case runs on the loop of its directories.
public enum PresenceContract {
  /// Fast, so that cases take a second or two; each wait is for a condition, not for these. A lease is long enough for
  /// a busy machine.
  public static var times: PresenceTimes {
    var times = PresenceTimes()
    times.tick = 40
    times.grace = 250
    times.lifetime = 3_000
    times.patience = 300
    return times
  }

  /// One rule.
  public struct Case: Sendable, CustomStringConvertible {
    /// The rule, as a sentence.
    public let description: String
    private let body: @Sendable (PresenceUnderTest) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (PresenceUnderTest) async throws -> Void) {
      self.description = description
      self.body = body
    }

    /// Runs it.
    ///
    /// - Throws: ``ContractBroken`` or ``NeverHappened``.
    public func run(_ nodes: PresenceUnderTest) async throws { try await body(nodes) }

    /// Runs it on two nodes in memory.
    public func runInMemory() async throws {
      let body = body
      try await onLoop { loop in
        let book = PresenceBook()
        let nodes = (0..<2).map { _ in
          MemoryPresence(in: book, times: times, now: EventLoop.monotonicMilliseconds) { delay, work in
            loop.execute { loop.schedule(after: delay, work) }
          }
        }
        try await body(
          PresenceUnderTest(loop: loop, nodes: nodes, kill: { nodes[$0].die() }, leave: { nodes[$0].leave() }))
      }
    }
  }
}

/// Two nodes, whatever joins them, and what may befall them.
public struct PresenceUnderTest {
  let loop: EventLoop
  let nodes: [any PresenceDirectory]
  let ears: [PresenceEars]
  /// Plays `kill -9` of one of them.
  let kill: (Int) -> Void
  /// One of them leaves in order.
  let leave: (Int) -> Void

  /// Takes the two.
  public init(
    loop: EventLoop, nodes: [any PresenceDirectory], kill: @escaping (Int) -> Void, leave: @escaping (Int) -> Void
  ) {
    self.loop = loop
    self.nodes = nodes
    self.kill = kill
    self.leave = leave
    ears = nodes.map { node in
      let ears = PresenceEars()
      node.attach(ears)
      return ears
    }
  }

  /// Waits until a node has heard that of a user last.
  func hears(_ node: Int, _ status: Presence.Status, of user: UserID, line: Int = #line) async throws {
    do {
      try await eventually(within: 15_000, on: loop) { ears[node].last(of: user)?.status == status }
    } catch {
      throw ContractBroken("node \(node) never heard \(status) (contract line \(line)): \(ears[node].heard)")
    }
  }

  /// Waits until a node, asked, says that of a user.
  func says(_ node: Int, _ status: Presence.Status, of user: UserID, line: Int = #line) async throws {
    let end = EventLoop.monotonicMilliseconds() + 15_000
    while await nodes[node].presence(of: [user]).first?.status != status {
      guard EventLoop.monotonicMilliseconds() < end else {
        throw ContractBroken("node \(node) never says \(status) (contract line \(line))")
      }
      await loop.sleep(10)
    }
  }
}

/// Remembers what a directory told.
public final class PresenceEars: PresenceReceiver {
  /// All of it, in order.
  public private(set) var heard: [Presence] = []
  /// What was told last of each user.
  public private(set) var known: [UserID: Presence.Status] = [:]
  /// In how many calls.
  public private(set) var batches = 0

  /// Has heard nothing.
  public init() {}

  /// Remembers.
  public func presenceChanged(_ changes: [Presence]) {
    heard += changes
    for change in changes { known[change.user] = change.status }
    batches += 1
  }

  /// What was told of a user last.
  public func last(of user: UserID) -> Presence? { heard.last { $0.user == user } }

  /// What was told of a user, in order.
  public func statuses(of user: UserID) -> [Presence.Status] { heard.filter { $0.user == user }.map(\.status) }
}
