import ChatCore

/// One session as its hub knows it: whose it is, how it is told things, and the rooms in which it sits.
///
/// - Isolation: one loop. A session and its shell hold each other; the shell lets go of this when it has ended.
public final class HubSession: @unchecked Sendable {
  /// Whose session it is.
  public let user: UserID
  let ownConversation: ConversationID
  let format: WireFormat
  let port: any SessionPort
  /// Whose presence it is told.
  var watching: Set<UserID> = []

  /// The sign-in session through which he speaks.
  private(set) var signIn: SessionID
  /// Entries of the self conversation up to here were in the snapshot of the user's conversations and are not acted on.
  private(set) var membershipKnownTo: Int64 = .max
  private var seats = SeatList()
  /// Conversations whose facts are being read, and the entry with which he joined each.
  private var learning: [ConversationID: Int64] = [:]
  let showsPresence: Bool
  private(set) var isAttached = true
  private var isOverLimit = false

  init(
    user: UserID, signIn: SessionID, ownConversation: ConversationID, format: WireFormat, showsPresence: Bool,
    port: any SessionPort
  ) {
    self.user = user
    self.signIn = signIn
    self.ownConversation = ownConversation
    self.format = format
    self.showsPresence = showsPresence
    self.port = port
  }

  func seat(in conversation: ConversationID) -> SeatList.Seat? { seats[conversation] }

  func sit(_ seat: SeatList.Seat?, in conversation: ConversationID) { seats[conversation] = seat }

  /// Ascending, so that what follows from leaving them happens in the same order every time.
  var conversations: [ConversationID] { seats.conversations }

  func learnsOf(_ id: ConversationID, joinedAt seq: Int64) { learning[id] = seq }

  func noLongerLearns(of id: ConversationID) { learning[id] = nil }

  /// True unless he has left since, or joined again.
  func learned(_ id: ConversationID, joinedAt seq: Int64) -> Bool {
    guard learning[id] == seq else { return false }
    learning[id] = nil
    return true
  }

  func knowsMembership(upTo seq: Int64) { membershipKnownTo = seq }

  func speaks(through signIn: SessionID) { self.signIn = signIn }

  /// True when it was not known to be over its queue's limit.
  func beginsToBeSlow() -> Bool {
    defer { isOverLimit = true }
    return !isOverLimit
  }

  func isNoLongerSlow() { isOverLimit = false }

  func detached() { isAttached = false }
}

/// A session is itself and no other.
extension HubSession: Hashable {
  /// Whether they are one.
  public static func == (left: HubSession, right: HubSession) -> Bool { left === right }

  /// Mixes in which it is.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
