import EngineIO

/// Who listens to a session of Engine.IO; always on the session's loop.
///
/// The session holds its listener until ``closed(_:)`` has returned.
public protocol EngineListener: AnyObject {
  /// A message of text came; it is UTF-8.
  func received(text: [UInt8])
  /// A message of bytes came.
  func received(binary: [UInt8])
  /// It is over, by whoever's doing. Called exactly once.
  func closed(_ end: EngineEnd)
}
