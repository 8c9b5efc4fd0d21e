import HTTP1

/// How much a server takes on, and how long it waits.
public struct ServingLimits: Sendable {
  /// What a request may be; a route's own body limit comes from ``HTTPHandler/bodyAllowance(for:)``.
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

  /// Milliseconds that a body may take besides what ``bodyBytesPerSecondMin`` gives it, and that it may stop for
  /// however fast it came: 10,000 (408).
  public var bodyMilliseconds: Int64 = 10_000

  /// Bytes a second that a body must bring: 1,000, less than the slowest phone (408).
  public var bodyBytesPerSecondMin: Int64 = 1000

  /// Bytes a second that a body must bring (408), or its reader take (he is closed without a word), while it has room
  /// in a ``BodyRoom``: 4,000, a phone at the edge of a cell of the second generation.
  public var longBytesPerSecondMin: Int64 = 4000

  /// The same while several bodies have more than half of that room: 16,000, a phone on a bad line of the third; who is
  /// slower then makes place.
  public var longBytesPerSecondWhenScarce: Int64 = 16_000

  /// Room for bodies above the server's own limit, shared by the loops of a node; past it they are refused (503), and
  /// past one's share of it (429).
  public var largeBodies = BodyRoom()

  /// Bytes of an answer that need no room: 256 KiB, the high mark of a send queue; up to that an answer lies there
  /// whether or not it is read, and its room would bound nothing.
  public var answerBytesUsual = 256 * 1024

  /// Room for answers above that until they are read, shared by the loops of a node; refused as ``largeBodies``.
  public var longAnswers = BodyRoom(for: .answers)

  /// Whether an address has a share of both rooms: yes, but for those who speak for many.
  public var sharesRoom = true

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

  /// Adds what another server has counted.
  public mutating func add(_ other: ServingCounts) {
    open += other.open
    webSockets += other.webSockets
    accepted += other.accepted
    answered += other.answered
    turnedAway.merge(other.turnedAway, uniquingKeysWith: +)
    refused.merge(other.refused, uniquingKeysWith: +)
    timedOut.merge(other.timedOut, uniquingKeysWith: +)
    broken.merge(other.broken, uniquingKeysWith: +)
  }
}
