/// What a message is besides its texts.
public struct MessageFacts: Sendable, Hashable {
  /// The id of its log entry.
  public let id: EntryID
  /// Where it was said.
  public let conversation: ConversationID
  /// Its place in the conversation.
  public let seq: Int64
  /// Who said it.
  public let sender: UserID
  /// What it carries.
  public let type: MessageType
  /// The message that it answers.
  public let replyTo: EntryID?
  /// The files that it carries; none once deleted.
  public let attachments: [Attachment]
  /// When it was stored.
  public let createdAt: Timestamp
  /// When its text was last changed.
  public let editedAt: Timestamp?
  /// When it was deleted.
  public let deletedAt: Timestamp?
  /// The emoji on it, in the order in which they came.
  public let reactions: [ReactionCount]

  /// Collects what a store remembers.
  @inlinable public init(
    id: EntryID, conversation: ConversationID, seq: Int64, sender: UserID, type: MessageType, replyTo: EntryID?,
    attachments: [Attachment], createdAt: Timestamp, editedAt: Timestamp?, deletedAt: Timestamp?,
    reactions: [ReactionCount]
  ) {
    self.id = id
    self.conversation = conversation
    self.seq = seq
    self.sender = sender
    self.type = type
    self.replyTo = replyTo
    self.attachments = deletedAt == nil ? attachments : []
    self.createdAt = createdAt
    self.editedAt = editedAt
    self.deletedAt = deletedAt
    self.reactions = reactions
  }
}

extension Message {
  /// What it is besides its texts.
  private var facts: MessageFacts {
    MessageFacts(
      id: id, conversation: conversation, seq: seq, sender: sender.id, type: type, replyTo: replyTo,
      attachments: attachments, createdAt: createdAt, editedAt: editedAt, deletedAt: deletedAt, reactions: reactions)
  }

  /// Lends it as a store does.
  public func lend(to reader: MessageReader) {
    let (facts, name, text) = (facts, sender.username.utf8.span, text.utf8.span)
    if let clientMessageID {
      reader(facts, name, text, clientMessageID.utf8.span)
    } else {
      reader(facts, name, text, nil)
    }
  }
}

/// Whoever looks at a message where a store has it: its facts, the sender's name, its text and the sender's own id for
/// it, in UTF-8; they are lent for the time of the call.
public typealias MessageReader = (
  _ facts: MessageFacts, _ username: Span<UInt8>, _ text: Span<UInt8>, _ clientMessageID: Span<UInt8>?
) -> Void

/// Messages as a store has them, in an order that does not change.
public protocol MessageSource: Sendable {
  /// How many.
  var count: Int { get }
  /// The `seq` of the one at that place.
  func seq(at place: Int) throws(ChatError) -> Int64
  /// The one at that place, with all that a store remembers.
  func message(at place: Int) throws(ChatError) -> Message
  /// Lends those places' messages, one after the other.
  func lend(_ places: Range<Int>, to reader: MessageReader) throws(ChatError)
}

/// Messages of one conversation, ascending by `seq`, where a store has them: who only writes them out needs no value of
/// each in between.
///
/// - Throws: every reading, when the store does not understand what it has.
public struct MessageList: Sendable {
  private let source: any MessageSource
  private var places: Range<Int>

  /// All that the source has, which is ascending by `seq`.
  public init(_ source: any MessageSource) {
    self.source = source
    places = 0..<source.count
  }

  /// Those messages.
  public init(_ messages: [Message]) { self.init(HeldMessages(messages: messages)) }

  /// How many there are.
  public var count: Int { places.count }

  /// The last one's `seq`.
  public var lastSeq: Int64? {
    get throws(ChatError) { places.isEmpty ? nil : try source.seq(at: places.upperBound - 1) }
  }

  /// All of them, with all that a store remembers.
  public func messages() throws(ChatError) -> [Message] {
    var messages: [Message] = []
    messages.reserveCapacity(count)
    for place in places { messages.append(try source.message(at: place)) }
    return messages
  }

  /// Looks at them, one after the other.
  public func read(_ reader: MessageReader) throws(ChatError) { try source.lend(places, to: reader) }

  /// Leaves the first so many out.
  mutating func removeFirst(_ count: Int) { places = places.dropFirst(count) }

  /// Leaves the last so many out.
  mutating func removeLast(_ count: Int) { places = places.dropLast(count) }

  /// How many of them have that `seq` or a smaller one.
  func count(upTo seq: Int64) throws(ChatError) -> Int {
    for place in places where try source.seq(at: place) > seq { return place - places.lowerBound }
    return count
  }
}

/// Messages that are values already.
private struct HeldMessages: MessageSource {
  let messages: [Message]

  var count: Int { messages.count }
  func seq(at place: Int) -> Int64 { messages[place].seq }
  func message(at place: Int) -> Message { messages[place] }

  func lend(_ places: Range<Int>, to reader: MessageReader) {
    for place in places { messages[place].lend(to: reader) }
  }
}
