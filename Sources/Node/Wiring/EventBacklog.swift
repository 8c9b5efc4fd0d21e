import EngineServing
import IORuntime
import SocketIO

/// Events of a client of Socket.IO that wait while its session takes none: its connection goes on being read, since
/// there are its pongs too, and bodies come whole.
///
/// - Limits: ``bytesMax``.
/// - Isolation: the client's loop.
struct EventBacklog {
  /// A million, what one body may bring; past it they are refused.
  static let bytesMax = 1_000_000

  /// What becomes of an event.
  enum Arrival { case handOver, wait, refuse }

  private var events: [SocketEvent] = []
  /// How many of them have been taken.
  private var taken = 0
  private var bytes = 0
  private var isPaused = false

  mutating func pause() { isPaused = true }

  /// What waits is taken by ``next()``; what comes meanwhile waits behind it.
  mutating func resume() { isPaused = false }

  mutating func arrived(_ event: SocketEvent) -> Arrival {
    guard isPaused || !events.isEmpty else { return .handOver }
    guard bytes < Self.bytesMax else { return .refuse }
    events.append(event)
    bytes += Self.bytes(of: event)
    return .wait
  }

  /// The one that waits longest; nil when none does, or the session takes none.
  mutating func next() -> SocketEvent? {
    guard !isPaused, taken < events.count else { return nil }
    let event = events[taken]
    taken += 1
    bytes -= Self.bytes(of: event)
    // Moved now and then, not each time.
    if taken * 2 >= events.count {
      events.removeFirst(taken)
      taken = 0
    }
    return event
  }

  /// Near enough, with something for the event itself. What its arguments say would not do: a packet may be spaces.
  private static func bytes(of event: SocketEvent) -> Int { 64 + event.arguments.bytesHeld }
}

/// A program of Socket.IO whose session may take nothing for a while.
///
/// - Isolation: the client's loop.
protocol PausableProgram: SocketProgram, Sendable {
  /// What waits meanwhile.
  var backlog: EventBacklog { get set }
  /// Whose events they are.
  var client: SocketIOClient? { get }
  /// The session's turn to have an event has come.
  func hand(over event: SocketEvent)
  /// One came for which there is no room.
  func turnDown(_ event: SocketEvent, of client: SocketIOClient)
}

extension PausableProgram {
  func happened(_ event: SocketEvent, by client: SocketIOClient) {
    switch backlog.arrived(event) {
    case .handOver: hand(over: event)
    case .wait: break
    case .refuse: turnDown(event, of: client)
    }
  }

  func pauseReading() { backlog.pause() }

  func resumeReading() {
    backlog.resume()
    client?.session.loop.execute { [weak self] in self?.readBacklog() }
  }

  private func readBacklog() { while let event = backlog.next() { hand(over: event) } }
}
