import ChatCore
import JSONText

@testable import Realtime

/// One of everything that a session may be told, and of what may be left out both ways.
enum EventSamples {
  private static let bucket = Bucket(folding: 77)
  private static let conversation = ConversationID(counter: 9, bucket: bucket)
  private static let ada = Author(id: UserID(counter: 3000, bucket: Bucket(folding: 5)), username: "ada")
  private static let moment = Timestamp(milliseconds: 1_700_000_000_123)
  private static let message = Message(
    id: EntryID(counter: 12, bucket: bucket), conversation: conversation, seq: 4, sender: ada, type: .text,
    text: "hi", clientMessageID: "c-1", replyTo: EntryID(counter: 2, bucket: bucket), createdAt: moment)
  private static let member = Member(user: ada.id, username: ada.username, role: .admin)

  static let entries: [Entry] =
    events.map { event in
      Entry(
        conversation: conversation, seq: 4, id: EntryID(counter: 12, bucket: bucket), createdAt: moment, author: ada,
        event: event)
    }

  private static let events: [Event] = [
    .messageCreated(message), .messageEdited(edited), .messageDeleted(message),
    .reactionAdded(message: message.id, messageSeq: 4, emoji: "👍", count: 2),
    .reactionRemoved(message: message.id, messageSeq: 4, emoji: "👍", count: 0),
    .memberJoined(member), .memberChanged(member), .memberLeft(ada),
    .conversationCreated(
      Conversation(
        id: conversation, kind: .group, title: "Tea", head: 1, createdAt: moment, members: [member], memberCount: 1)),
    .conversationUpdated(title: "Coffee", picture: "https://example.org/cup.png"),
    .conversationUpdated(title: "Coffee", picture: nil), .conversationDeleted, .joined(conversation, seq: 7),
    .left(conversation, seq: 8),
    .contactChanged(
      Contact(
        user: ada.id, username: ada.username, state: .requested, label: .friend, isBlocked: true, timeoutUntil: moment,
        streak: 3, isInitiator: true, since: moment)),
    .contactChanged(
      Contact(
        user: ada.id, username: ada.username, state: nil, label: nil, isBlocked: false, timeoutUntil: nil, streak: nil,
        isInitiator: false, since: nil)),
    .blockChanged(ada, isBlocked: true), .unknown(code: 99),
  ]

  private static var edited: Message {
    var edited = message
    edited.editedAt = moment
    edited.deletedAt = moment
    edited.reactions = [ReactionCount(emoji: "👍", count: 3)]
    edited.changedSeq = 9
    return edited
  }

  /// What is told of signals and presence.
  static var told: [JSONValue] {
    var told = [moment, nil].compactMap { lastSeen in
      frame { writer in
        writer.write(Presence(user: ada.id, status: .offline, lastSeenAt: lastSeen))
        return true
      }
    }
    var signal: Signal? = .signedOut(ada.id, sessions: [])
    while let next = signal {
      if let frame = frame({ $0.write(next) }) { told.append(frame) }
      signal = follower(of: next)
    }
    let available = ServerFrame.available(conversation, head: 4, isBehind: false)
    return told + [try? JSONValue(parsing: available)].compactMap(\.self)
  }

  private static func frame(_ write: (inout JSONWriter) -> Bool) -> JSONValue? {
    var writer = JSONWriter()
    guard write(&writer) else { return nil }
    return try? JSONValue(parsing: writer.finish())
  }

  /// Goes through all kinds of signals; a new one does not compile before it stands here.
  private static func follower(of signal: Signal) -> Signal? {
    switch signal {
    case .signedOut: .accountGone(ada.id)
    case .accountGone: .estranged(ada.id, from: ada.id)
    case .estranged: .typing(conversation, ada)
    case .typing: .read(conversation, ada.id, seq: 0)
    case .read: Relay(to: .user(ada.id), wire: "w", audience: .everyone, body: "{}").map(Signal.relayed)
    case .relayed: nil
    }
  }
}
