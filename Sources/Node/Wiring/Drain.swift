import ChatCore
import IORuntime

/// A node's leave: not ready any more, then clients are told to go, then what is under way is finished, then the end.
///
/// Sockets are told one by one over half of the grace period, so that no herd arrives elsewhere. The balancer gets a
/// moment to see that the node is not ready before the first of them is told.
///
/// - Limits: the grace period; who is left then is told to go at once, unless something of his is under way, and what
///   is left a moment later is cut.
final class Drain: @unchecked Sendable {
  /// How long a balancer that checks every half second takes to send new clients elsewhere.
  static let noticeMax: Milliseconds = 1_500
  /// How long good-byes of the last moment have to leave.
  static let lastWords: Milliseconds = 250

  private let nodes: [LoopNode]
  private let loop: EventLoop
  private let grace: Milliseconds
  private let isAside: Bool
  private let ended: () -> Void
  private var left: Int
  private var isOver = false

  /// Everything is called on `loop`; `ended` once, when nothing is open any more or the grace is over. A node that
  /// has stepped aside has told its clients already.
  init(nodes: [LoopNode], loop: EventLoop, grace: Milliseconds, isAside: Bool, ended: @escaping () -> Void) {
    self.nodes = nodes
    self.loop = loop
    self.grace = grace
    self.isAside = isAside
    self.ended = ended
    left = nodes.count
  }

  /// How long the balancer has before the first client is told to go.
  static func notice(of grace: Milliseconds) -> Milliseconds { min(noticeMax, grace / 4) }

  /// The time over which the clients are told, one by one.
  static func spread(of grace: Milliseconds) -> Milliseconds { grace / 2 }

  func begin() {
    let spread = Drain.spread(of: grace)
    loop.schedule(after: grace) { self.sayLastWords() }
    loop.schedule(after: isAside ? 0 : Drain.notice(of: grace)) {
      for node in self.nodes {
        node.loop.execute {
          if !self.isAside { node.sayGoodBye(over: spread) }
          node.drain(pollersWithin: spread) { self.loop.execute { self.drained() } }
        }
      }
      if self.nodes.isEmpty { self.endNow() }
    }
  }

  private func drained() {
    guard !isOver else { return }
    left -= 1
    if left == 0 { endNow() }
  }

  /// On a machine that stood still the good-byes may be due together with the end, and nobody has been told.
  private func sayLastWords() {
    guard !isOver else { return }
    for node in nodes { node.loop.execute { node.sayGoodBye(over: 0) } }
    loop.schedule(after: Drain.lastWords) { self.endNow() }
  }

  /// Cuts what is left.
  func endNow() {
    guard !isOver else { return }
    isOver = true
    left = nodes.count
    guard left > 0 else { return ended() }
    for node in nodes {
      node.loop.execute {
        node.end()
        self.loop.execute { self.nodeEnded() }
      }
    }
  }

  private func nodeEnded() {
    left -= 1
    // The last bytes leave at the end of a tick.
    if left == 0 { loop.schedule(after: 20) { self.ended() } }
  }
}
