import Client
import JSONText

/// The client's end of a session of the native protocol, whatever carries it.
public protocol ChatSocket: AnyObject, Sendable {
  /// How it ended, once it has.
  var end: NativeSocket.End? { get }
  /// Asks, and waits for the reply.
  func request(
    _ operation: String, _ data: JSONValue, deadline: Int64
  ) async throws(CallFailure) -> NativeSocket.Reply
  /// Waits until it has ended, at most that many milliseconds.
  func waitForEnd(_ milliseconds: Int64) async -> NativeSocket.End?
  /// Closes politely.
  func close()
  /// Cuts it without a word.
  func cut()
}

extension ChatSocket {
  /// Asks with the usual deadline.
  public func request(
    _ operation: String, _ data: JSONValue = [:]
  ) async throws(CallFailure) -> NativeSocket.Reply { try await request(operation, data, deadline: 10_000) }
}

extension NativeSocket: ChatSocket {}
