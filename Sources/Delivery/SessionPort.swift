import ChatCore

/// One client's session as the hub needs it: somewhere to put frames. Realtime and the other doors implement it.
public protocol SessionPort: AnyObject {
  /// Puts the frame into the session's send queue and says how many bytes wait there now.
  ///
  /// Never waits, never fails; called on the fan-out path, once for each recipient. Bytes that the kernel has taken do
  /// not count. A transport that gathers a tick's frames flushes when much has gathered, so that a burst is not taken
  /// for a slow reader.
  func deliver(_ frame: EncodedFrame) -> Int
  /// Bytes that wait in the send queue.
  var queuedBytes: Int { get }
  /// The hub lets go of the session, which must end: tell the client why and close.
  func end(_ reason: EndReason)
  /// The session is told no more of those, whom it watched: its user may not know any more whether they are there.
  func watchingEnded(_ users: [UserID])
  /// A conversation that could not be asked about when the session resumed goes on, from `head`; lower than what the
  /// client has named where its log has lost its end.
  ///
  /// - Parameter isBehind: what is before `head` and the client does not have is not sent; it is to be paged.
  func available(_ conversation: ConversationID, head: Int64, isBehind: Bool)
}

extension SessionPort {
  /// Says nothing: the client hears no more of them.
  public func watchingEnded(_ users: [UserID]) {}

  /// Says nothing: what is new there is told.
  public func available(_ conversation: ConversationID, head: Int64, isBehind: Bool) {}
}

/// Why the hub ends a session.
public enum EndReason: Hashable, Sendable, CaseIterable {
  /// More waits for it than ``DeliveryLimits/sendQueueBytesMax``: come back and resume.
  case slowReader
  /// The sign-in session behind it has ended.
  case signedOut
  /// The user's account has been deleted.
  case accountGone
}
