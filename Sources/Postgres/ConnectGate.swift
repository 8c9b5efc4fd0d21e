import Synchronization

/// Lets at most one try a second through, over all loops of a node, while the server turns connections away.
///
/// A wrong password or a full server gets no better by hammering; a success opens the gate at once.
///
/// - Isolation: thread-safe.
final class ConnectGate: Sendable {
  private static let interval: Int64 = 1_000
  private let nextPass = Mutex<Int64?>(nil)
  /// The same for each host alone, where connections are spread over them.
  let hosts = HostGate()

  /// The server has turned a try away.
  func turnedAway(at now: Int64) {
    nextPass.withLock { next in if next == nil { next = now + ConnectGate.interval } }
  }

  /// A connection was had.
  func succeeded() { nextPass.withLock { $0 = nil } }

  /// 0 when a try may begin now, which takes the pass; else how long to wait before asking again.
  func milliseconds(at now: Int64) -> Int64 {
    nextPass.withLock { next in
      guard let pass = next else { return 0 }
      guard pass <= now else { return pass - now }
      next = now + ConnectGate.interval
      return 0
    }
  }
}

/// How long to wait after tries that failed: by chance between nothing and a bound that doubles ("full jitter").
struct Backoff {
  let base: Int64
  let most: Int64
  private(set) var failures = 0

  init(base: Int64, most: Int64) {
    self.base = base
    self.most = most
  }

  mutating func succeeded() { failures = 0 }

  /// Counts a failure and says how long to wait.
  mutating func failed() -> Int64 {
    failures = min(failures + 1, 20)
    let bound = min(most, base << Int64(failures - 1))
    return Int64.random(in: 0...max(1, bound))
  }
}
