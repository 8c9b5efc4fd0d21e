/// What a connection tells its owner; always on the connection's loop.
///
/// The connection holds its handler from ``Connection/begin(with:)`` until ``ended(_:)`` has returned and lets go of it
/// then, so that a handler may hold its connection without a leak.
public protocol ConnectionHandler: AnyObject {
  /// Bytes arrived. They stand in a buffer of the loop that the next read overwrites: copy what is kept. The handler
  /// may also write over them, to unmask or decode where they stand.
  func received(_ bytes: UnsafeRawBufferPointer)

  /// The send queue, which had passed ``ConnectionOptions/highMark``, is down to ``ConnectionOptions/lowMark``.
  func drained()

  /// The peer will send no more; says whether the connection stays open for what is yet to be sent to it.
  ///
  /// By default the connection is closed once the send queue is empty.
  func peerFinished() -> HalfClose

  /// The connection is over. Called exactly once, never from inside a call that the handler makes itself.
  func ended(_ reason: ConnectionEnd)
}

extension ConnectionHandler {
  /// Does nothing.
  public func drained() {}
  /// Closes when the send queue is empty.
  public func peerFinished() -> HalfClose { .close }
}

/// What to do when the peer has shut down its half.
public enum HalfClose: Sendable {
  /// Send what waits, then close.
  case close
  /// Go on sending; the handler closes.
  case stayOpen
}

/// Why a connection is over.
public indirect enum ConnectionEnd: Hashable, Sendable {
  /// Closed by this side, by ``Connection/close()`` or after the flush that was asked for.
  case closedHere
  /// The peer finished, and so did we.
  case closedByPeer
  /// A system call failed: reset, timed out by the kernel, unreachable.
  case failed(SystemError)
  /// The deadline of ``Connection/closeAfterFlush(deadline:)`` passed with bytes unsent.
  case flushTimedOut
  /// The send queue passed ``ConnectionOptions/queueMax``.
  case queueFull
  /// TLS: the peer broke the protocol, its certificate was refused, or the handshake took too long.
  case insecure(TLSError)
  /// The loop has stopped.
  case loopStopped
}

/// A failure of TLS.
public struct TLSError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What failed, in words of ours and of OpenSSL.
  public let description: String
  /// Takes the words.
  public init(_ description: String) { self.description = description }
}
