import EngineIO
import HTTP1

/// Who listens to a session of Engine.IO; always on the session's loop.
///
/// The session holds its listener until ``closed(_:)`` has returned.
public protocol EngineListener: AnyObject {
  /// A message of text came; it is UTF-8.
  func received(text: [UInt8])
  /// A message of bytes came.
  func received(binary: [UInt8])
  /// A WebSocket is tried out, whose request may bring what the polls could not: a browser's cookies.
  func upgrading(by request: Request)
  /// It is over, by whoever's doing. Called exactly once.
  func closed(_ end: EngineEnd)
}

extension EngineListener {
  /// Does nothing.
  public func upgrading(by request: Request) {}
}
