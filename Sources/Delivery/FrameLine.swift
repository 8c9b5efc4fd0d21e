/// The straight way of a session's frames to its socket, for what many hear in the very same bytes: past all that
/// stands between, each piece of which is one more to wait for in memory.
///
/// - Isolation: the session's loop. Nothing here waits, fails, or calls back; once it is closed, frames are dropped.
public protocol FrameLine: AnyObject {
  /// Puts a frame of the transport into the send queue and says how many bytes wait there now, as
  /// ``SessionPort/deliver(_:)`` does.
  func deliver(framed bytes: [UInt8]) -> Int
  /// Where the memory begins that stands behind it and is used for each frame; it stays there as long as the line is
  /// held.
  var behind: UnsafeRawPointer { get }
}
