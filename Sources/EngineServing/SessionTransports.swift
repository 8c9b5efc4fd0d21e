import EngineIO
import WebSocket

/// What a session's packets leave by at present: a pending poll, a WebSocket, one that is tried out.
///
/// - Isolation: the session's loop.
struct SessionTransports {
  private(set) var socket: EngineSocket?
  private(set) var poll: PendingPoll? {
    didSet { tally.pollsChanged((poll == nil ? 0 : 1) - (oldValue == nil ? 0 : 1)) }
  }
  private(set) var probe: EngineSocket?
  private let tally: EngineTally

  init(tally: EngineTally) { self.tally = tally }

  /// Bytes that a WebSocket has yet to send.
  var queuedBytes: Int { socket?.queuedBytes ?? 0 }

  // MARK: Polling

  mutating func keep(_ poll: PendingPoll) { self.poll = poll }

  /// - Returns: false when that poll is not pending any more.
  mutating func lose(_ lost: PendingPoll) -> Bool {
    guard poll === lost else { return false }
    poll = nil
    lost.complete(.refused(.badRequest))
    return true
  }

  mutating func answer(_ payload: EnginePayload) {
    poll?.complete(.packets(payload))
    poll = nil
  }

  // MARK: WebSockets

  mutating func use(_ socket: EngineSocket) { self.socket = socket }

  mutating func tryOut(_ socket: EngineSocket) { probe = socket }

  mutating func takeOver() {
    socket = probe
    probe = nil
  }

  mutating func dropProbe() {
    probe?.close(.normal)
    probe = nil
  }

  mutating func forgetProbe() { probe = nil }

  mutating func forgetSocket() { socket = nil }

  /// The session is over.
  mutating func closeAll(_ reason: EngineEnd) {
    dropProbe()
    socket?.close(reason == .protocolError ? .protocolError : .normal)
    socket = nil
    poll?.complete(.refused(.unknownSession))
    poll = nil
  }
}
