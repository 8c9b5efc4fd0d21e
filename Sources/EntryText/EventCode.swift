import ChatCore

/// The number by which the store and the broker name a kind of event; never reused.
public enum EventCode: Int16, Sendable, CaseIterable {
  /// See ``ChatCore/Event``; each case names the one of the same name.
  case messageCreated = 1
  /// See ``ChatCore/Event/messageEdited(_:)``.
  case messageEdited = 2
  /// See ``ChatCore/Event/messageDeleted(_:)``.
  case messageDeleted = 3
  /// See ``ChatCore/Event/reactionAdded(message:messageSeq:emoji:)``.
  case reactionAdded = 4
  /// See ``ChatCore/Event/reactionRemoved(message:messageSeq:emoji:)``.
  case reactionRemoved = 5
  /// See ``ChatCore/Event/memberJoined(_:)``.
  case memberJoined = 6
  /// See ``ChatCore/Event/memberLeft(_:)``.
  case memberLeft = 7
  /// See ``ChatCore/Event/memberChanged(_:)``.
  case memberChanged = 8
  /// See ``ChatCore/Event/conversationCreated(_:)``.
  case conversationCreated = 9
  /// See ``ChatCore/Event/conversationUpdated(title:picture:)``.
  case conversationUpdated = 10
  /// See ``ChatCore/Event/conversationDeleted``.
  case conversationDeleted = 11
  /// See ``ChatCore/Event/joined(_:seq:)``.
  case joined = 12
  /// See ``ChatCore/Event/left(_:seq:)``.
  case left = 13
  /// See ``ChatCore/Event/contactChanged(_:)``.
  case contactChanged = 14
  /// See ``ChatCore/Event/blockChanged(_:isBlocked:)``.
  case blockChanged = 15

  /// The number under which an event is stored and carried, also that of one that only a newer version knows.
  public static func number(of event: Event) -> Int16 {
    if case .unknown(let code) = event { return code }
    return EventCode(event)?.rawValue ?? 0
  }

  /// The number of an event that this version knows.
  public init?(_ event: Event) {
    switch event {
    case .unknown: return nil
    case .messageCreated: self = .messageCreated
    case .messageEdited: self = .messageEdited
    case .messageDeleted: self = .messageDeleted
    case .reactionAdded: self = .reactionAdded
    case .reactionRemoved: self = .reactionRemoved
    case .memberJoined: self = .memberJoined
    case .memberLeft: self = .memberLeft
    case .memberChanged: self = .memberChanged
    case .conversationCreated: self = .conversationCreated
    case .conversationUpdated: self = .conversationUpdated
    case .conversationDeleted: self = .conversationDeleted
    case .joined: self = .joined
    case .left: self = .left
    case .contactChanged: self = .contactChanged
    case .blockChanged: self = .blockChanged
    }
  }
}
