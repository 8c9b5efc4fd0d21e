import HTTP1
import Synchronization

/// How much a server takes on, and how long it waits.
public struct ServingLimits: Sendable {
  /// What a request may be; a route's own body limit comes from ``HTTPHandler/bodyBytesMax(for:)``.
  public var request = RequestLimits()

  /// Connections of one loop, WebSockets included: 10,000, half of the files that a process may have open, over two
  /// loops (503).
  public var connectionsMax = 10_000

  /// Connections of one loop from one address, of IPv6 from one network of 64 bits: 512, an office behind one router;
  /// trusted proxies are not counted (429).
  public var connectionsPerAddressMax = 512

  /// Connections of one loop that are turned away and still read why: 128; past it they are closed without a word, so
  /// that a flood leaves files for the database.
  public var turnedAwayMax = 128

  /// Bytes that pipelined requests may wait in while one is answered: 64 KiB, one read of the loop; then reading rests.
  public var pipelinedBytesMax = 64 * 1024

  /// Milliseconds from the first byte of a request to the end of its header: 10,000; slower is an attack (408).
  public var headerMilliseconds: Int64 = 10_000

  /// Milliseconds that a body may take besides what ``bodyBytesPerSecondMin`` gives it: 10,000 (408).
  public var bodyMilliseconds: Int64 = 10_000

  /// Bytes a second that a body must bring: 1,000, less than the slowest phone (408).
  public var bodyBytesPerSecondMin: Int64 = 1000

  /// Room for bodies above the server's own limit, shared by the loops of a node; past it they are refused (503).
  public var largeBodies = BodyRoom()

  /// Milliseconds that a connection may be silent between requests: 60,000, longer than balancers keep theirs.
  public var idleMilliseconds: Int64 = 60_000

  /// Milliseconds that a request may take to answer: 60,000; long polls stay under it (503).
  public var answerMilliseconds: Int64 = 60_000

  /// Milliseconds that a closed connection may take to read what it was sent: 5,000.
  public var lingerMilliseconds: Int64 = 5000

  /// Bytes of pongs that may wait for a client who sends pings and does not read: 64 KiB; further pings are not
  /// answered.
  public var queuedPongBytesMax = 64 * 1024

  /// Pings and pongs of a WebSocket within a second: 100, where nobody needs more than one; past it the socket is
  /// closed (1008), since a flood of empty frames costs everybody else on the loop.
  public var controlFramesPerSecondMax = 100

  /// The defaults.
  public init() {}
}

/// Bytes that large bodies may take together: what is announced is taken before it is read, and given back with the
/// answer, so that memory in flight is bounded however many send.
///
/// - Isolation: thread-safe; the loops of a node share one.
public final class BodyRoom: Sendable {
  private let free: Mutex<Int>
  private let all: Int

  /// Room for so many bytes: 128 MiB, five of the largest files at once.
  public init(bytesMax: Int = 128 << 20) {
    all = bytesMax
    free = Mutex(bytesMax)
  }

  /// Bytes that are taken now.
  public var taken: Int { all - free.withLock { $0 } }

  func take(_ bytes: Int) -> Bool {
    free.withLock { free in
      guard bytes <= free else { return false }
      free -= bytes
      return true
    }
  }

  func give(_ bytes: Int) { free.withLock { $0 += bytes } }
}

/// What a server has done so far, and what is open now.
public struct ServingCounts: Sendable, Equatable {
  /// Connections that are open, WebSockets included.
  public var open = 0
  /// WebSockets that are open.
  public var webSockets = 0
  /// Connections that were accepted.
  public var accepted = 0
  /// Connections that were turned away, by limit: `connections`, `address`.
  /// Both limits are there from the start: who counts what is new sees nothing of a line that begins above zero.
  public var turnedAway: [String: Int] = ["connections": 0, "address": 0]
  /// Requests that were answered by the handler.
  public var answered = 0
  /// Requests that were refused before anybody read them, by ``Refusal/code``.
  public var refused: [String: Int] = [:]
  /// Connections whose time had run out, by what they were waited for: `idle`, `header`, `body`, `answer`,
  /// `stream`.
  public var timedOut: [String: Int] = [:]
  /// WebSockets that were closed since the client broke the protocol or a limit, by close code.
  public var broken: [UInt16: Int] = [:]

  /// Nothing yet.
  public init() {}
}
