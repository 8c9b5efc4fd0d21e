import ChatCore

/// One session as its hub knows it: whose it is, how it is told things, and the rooms in which it sits.
///
/// - Isolation: one loop. A session and its shell hold each other; the shell lets go of this when it has ended.
public final class HubSession: @unchecked Sendable {
  // What is looked at for each message of a crowd stands together, in front.
  let format: WireFormat
  // Setting it calls nobody who would read it; the check of that costs a twentieth of telling somebody.
  /// How its frames go when they go straight; its port sets it once that is so, and for good.
  @exclusivity(unchecked) public var line: (any FrameLine)? {
    didSet { used = line.map { (UnsafeRawPointer(Unmanaged.passUnretained($0 as AnyObject).toOpaque()), $0.behind) } }
  }
  /// Where the line stands, and what is behind it; kept, since asking it would wait for its memory.
  @exclusivity(unchecked) private var used: (line: UnsafeRawPointer, behind: UnsafeRawPointer)?
  let port: any SessionPort
  /// Whose session it is.
  public let user: UserID
  let ownConversation: ConversationID
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

  /// Whether it hears what the self conversation says from some moment on.
  var followsOwnAffairs: Bool { membershipKnownTo != .max }

  func speaks(through signIn: SessionID) { self.signIn = signIn }

  /// True when it was not known to be over its queue's limit.
  func beginsToBeSlow() -> Bool {
    defer { isOverLimit = true }
    return !isOverLimit
  }

  func isNoLongerSlow() { isOverLimit = false }

  func detached() {
    isAttached = false
    line = nil
  }

  // MARK: Telling

  /// Bytes of a line that a frame uses.
  private static let lineBytes: UInt32 = 96
  /// Bytes of what is behind it that a frame uses.
  private static let behindBytes: UInt32 = 192

  /// It will be told something next.
  func expectFrame(_ ports: any LoopPorts) {
    guard let used else { return }
    ports.expect(used.line, HubSession.lineBytes)
    ports.expect(used.behind, HubSession.behindBytes)
  }

  /// Puts the frame into the send queue and says how many bytes wait there now.
  func deliver(_ frame: EncodedFrame) -> Int {
    // The first of them frames it for the others.
    if let line, let framed = frame.framed { return line.deliver(framed: framed) }
    return port.deliver(frame)
  }
}

/// A session is itself and no other.
extension HubSession: Hashable {
  /// Whether they are one.
  public static func == (left: HubSession, right: HubSession) -> Bool { left === right }

  /// Mixes in which it is.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
