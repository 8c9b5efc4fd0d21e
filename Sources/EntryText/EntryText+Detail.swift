import ChatCore
import JSONText

/// The form that Martlet keeps to itself: in the store's `detail` column and in what the broker carries.
///
/// Times are milliseconds, names are short; read only by the version that wrote it and its neighbours, so members are
/// added and never changed in meaning.
extension EntryText {
  /// What an event says beyond its code, place, author and time, as JSON text.
  ///
  /// - Shape: a message `{"i","q","u","n","y","x","m","r","t","e","d"}` (id, seq, sender, his name, type, text, client
  ///   id, reply to, created, edited, deleted), with `"f"` (files), `"a":[["👍",3]]` and `"w"` (reactions, changed by)
  ///   where they are;
  ///   a member `{"u","n","r"}`, a conversation `{"k","t","p","h","c","m":[member]}` …
  public static func detail(of event: Event) -> [UInt8] {
    var writer = JSONWriter()
    writeDetail(of: event, to: &writer)
    return writer.finish()
  }

  static func writeDetail(of event: Event, to writer: inout JSONWriter) {
    writer.object { writer in
      switch event {
      case .messageCreated(let message), .messageEdited(let message), .messageDeleted(let message):
        writeFields(of: message, to: &writer)
      case .conversationCreated(let conversation):
        writeFields(of: conversation, to: &writer)
      case .conversationUpdated(let title, let picture):
        writer.member("t", title)
        if let picture { writer.member("p", picture) }
      case .conversationDeleted, .unknown:
        break
      case .reactionAdded(let message, let seq, let emoji, let count),
        .reactionRemoved(let message, let seq, let emoji, let count):
        writer.member("i", message.rawValue)
        writer.member("q", seq)
        writer.member("x", emoji)
        writer.member("z", count)
      case .memberJoined(let member), .memberChanged(let member):
        writeFields(of: member, to: &writer)
      case .memberLeft(let author):
        writer.member("u", author.id.rawValue)
        writer.member("n", author.username)
      case .joined(let conversation, let seq), .left(let conversation, let seq):
        writer.member("c", conversation.rawValue)
        writer.member("q", seq)
      case .contactChanged(let contact):
        writeFields(of: contact, to: &writer)
      case .blockChanged(let author, let isBlocked):
        writer.member("u", author.id.rawValue)
        writer.member("n", author.username)
        writer.member("b", isBlocked)
      }
    }
  }

  private static func writeFields(of message: Message, to writer: inout JSONWriter) {
    writer.member("i", message.id.rawValue)
    writer.member("q", message.seq)
    writer.member("u", message.sender.id.rawValue)
    writer.member("n", message.sender.username)
    writer.member("y", message.type.rawValue)
    writer.member("x", message.text)
    if let id = message.clientMessageID { writer.member("m", id) }
    if let reply = message.replyTo { writer.member("r", reply.rawValue) }
    if !message.attachments.isEmpty {
      writer.key("f")
      writeFields(of: message.attachments, to: &writer)
    }
    writer.member("t", message.createdAt.milliseconds)
    if let edited = message.editedAt { writer.member("e", edited.milliseconds) }
    if let deleted = message.deletedAt { writer.member("d", deleted.milliseconds) }
    if !message.reactions.isEmpty {
      writer.key("a")
      write(message.reactions, to: &writer)
    }
    if let changed = message.changedSeq { writer.member("w", changed) }
  }

  private static func writeFields(of conversation: Conversation, to writer: inout JSONWriter) {
    writer.member("k", conversation.kind.rawValue)
    if let title = conversation.title { writer.member("t", title) }
    if let picture = conversation.picture { writer.member("p", picture) }
    writer.member("h", conversation.head)
    writer.member("c", conversation.createdAt.milliseconds)
    writer.member("z", conversation.memberCount)
    writer.key("m")
    writer.array { writer in
      for member in conversation.members { writer.object { writeFields(of: member, to: &$0) } }
    }
  }

  private static func writeFields(of member: Member, to writer: inout JSONWriter) {
    writer.member("u", member.user.rawValue)
    writer.member("n", member.username)
    writer.member("r", member.role.rawValue)
  }

  /// The event of a number and its detail; a number that only a newer version knows is an event all the same.
  public static func event(number: Int16, detail: JSONValue, in conversation: ConversationID) -> Event? {
    guard let code = EventCode(rawValue: number) else { return .unknown(code: number) }
    return event(code, detail: detail, in: conversation)
  }

  /// The event that a code and its detail tell; nothing when they do not fit each other.
  ///
  /// `conversation` is that of the log in which it stands: a message and a new conversation say nothing of it
  /// themselves.
  public static func event(_ code: EventCode, detail: JSONValue, in conversation: ConversationID) -> Event? {
    switch code {
    case .messageCreated: message(detail, in: conversation).map(Event.messageCreated)
    case .messageEdited: message(detail, in: conversation).map(Event.messageEdited)
    case .messageDeleted: message(detail, in: conversation).map(Event.messageDeleted)
    case .reactionAdded:
      reaction(detail).map { .reactionAdded(message: $0.0, messageSeq: $0.1, emoji: $0.2.emoji, count: $0.2.count) }
    case .reactionRemoved:
      reaction(detail).map { .reactionRemoved(message: $0.0, messageSeq: $0.1, emoji: $0.2.emoji, count: $0.2.count) }
    case .memberJoined: member(detail).map(Event.memberJoined)
    case .memberChanged: member(detail).map(Event.memberChanged)
    case .memberLeft: author(detail).map(Event.memberLeft)
    case .conversationCreated: self.conversation(detail, conversation).map(Event.conversationCreated)
    case .conversationUpdated: detail["t"]?.string.map { .conversationUpdated(title: $0, picture: detail["p"]?.string) }
    case .conversationDeleted: .conversationDeleted
    case .joined: place(detail).map { .joined($0.0, seq: $0.1) }
    case .left: place(detail).map { .left($0.0, seq: $0.1) }
    case .contactChanged: contact(detail).map(Event.contactChanged)
    case .blockChanged: block(detail)
    }
  }

  static func id<ID: BucketedID>(_ value: JSONValue?) -> ID? { value?.integer.flatMap { ID(checking: $0) } }

  static func moment(_ value: JSONValue?) -> Timestamp? { value?.integer.map(Timestamp.init(milliseconds:)) }

  private static func message(_ value: JSONValue, in conversation: ConversationID) -> Message? {
    guard let id: EntryID = id(value["i"]), let seq = value["q"]?.integer, seq > 0, let sender = author(value),
      let type = value["y"]?.string.map(messageType), let text = value["x"]?.string,
      let createdAt = moment(value["t"])
    else { return nil }
    return Message(
      id: id, conversation: conversation, seq: seq, sender: sender, type: type, text: text,
      clientMessageID: value["m"]?.string, replyTo: self.id(value["r"]), createdAt: createdAt,
      editedAt: moment(value["e"]), deletedAt: moment(value["d"]),
      attachments: value["f"].flatMap(attachments) ?? [], reactions: value["a"].map(reactions) ?? [],
      changedSeq: value["w"]?.integer)
  }

  private static func reaction(_ value: JSONValue) -> (EntryID, Int64, ReactionCount)? {
    guard let id: EntryID = id(value["i"]), let seq = value["q"]?.integer, let emoji = value["x"]?.string else {
      return nil
    }
    return (id, seq, ReactionCount(emoji: emoji, count: value["z"]?.integer ?? 0))
  }

  static func author(_ value: JSONValue) -> Author? {
    guard let id: UserID = id(value["u"]), let name = value["n"]?.string else { return nil }
    return Author(id: id, username: name)
  }

  private static func member(_ value: JSONValue) -> Member? {
    guard let author = author(value), let role = value["r"]?.string.flatMap(Role.init(rawValue:)) else { return nil }
    return Member(user: author.id, username: author.username, role: role)
  }

  private static func place(_ value: JSONValue) -> (ConversationID, Int64)? {
    guard let id: ConversationID = id(value["c"]), let seq = value["q"]?.integer, seq > 0 else { return nil }
    return (id, seq)
  }

  private static func conversation(_ value: JSONValue, _ id: ConversationID) -> Conversation? {
    guard let kind = value["k"]?.string.flatMap(ConversationKind.init(rawValue:)), let head = value["h"]?.integer,
      let createdAt = moment(value["c"]), let count = value["z"]?.integer.flatMap(Int.init(exactly:)),
      let members = value["m"]?.array
    else { return nil }
    let known = members.compactMap(member)
    guard known.count == members.count else { return nil }
    return Conversation(
      id: id, kind: kind, title: value["t"]?.string, picture: value["p"]?.string, head: head, createdAt: createdAt,
      members: known, memberCount: count)
  }
}
