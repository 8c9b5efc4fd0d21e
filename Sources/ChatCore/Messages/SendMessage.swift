/// Accepts one message into a conversation.
///
/// Committed before it is answered, told to the members after that. Membership is checked in the transaction that
/// stores it.
///
/// - Shape: `{"text": "hi", "client_message_id": "c1", "reply_to": 5121}`; the client's id makes a repeated send
///   harmless: it gets the first answer, for ever, through any node.
/// - Limits: `text` of 1 … ``Limits/textBytesMax`` UTF-8 bytes with something to be seen in it, or nothing beside
///   files; ``Limits/attachmentsMax`` files of the sender's own.
/// - Throws: `.invalid` at `/text`, `/client_message_id`, `/reply_to`, `/attachments`; `.notFound(.conversation)`;
///   `.forbidden(.notAMember)` (public, not joined), `.forbidden(.wrongKind)` (self); `.forbidden(.blocked)` and
///   `.timedOut` (direct, see ``ContactRules``); `.conflict(.idempotency)`;
///   `.rateLimited` (a crowd that was told much, ``Limits/fanOutPerSecond``);
///   `.unavailable(.database)` within 5 s, to be repeated with the same client id.
public struct SendMessage: Command {
  /// Where.
  public let conversation: ConversationID
  /// What is said.
  public let text: String
  /// What it carries.
  public let type: MessageType
  /// The sender's own id for it.
  public let clientMessageID: String?
  /// The message that it answers.
  public let replyTo: EntryID?
  /// The files that it carries, the sender's own.
  public let attachments: [FileID]

  /// Collects what is asked.
  public init(
    conversation: ConversationID, text: String, type: MessageType = .text, clientMessageID: String? = nil,
    replyTo: EntryID? = nil, attachments: [FileID] = []
  ) {
    self.conversation = conversation
    self.text = text
    self.type = type
    self.clientMessageID = clientMessageID
    self.replyTo = replyTo
    self.attachments = attachments
  }

  /// Checks, stores, tells.
  public func run(in chat: Chat, as caller: Caller) async throws(ChatError) -> Appended {
    try check(chat.limits)
    if let repeated = try await repeated(chat, caller.user) { return repeated }
    let toll = try await chat.payFanOut(in: conversation, by: caller.user, of: text)
    let appended: Appended
    do throws(ChatError) {
      appended = try await append(chat, caller.user)
    } catch {
      await chat.giveBack(toll)
      throw error
    }
    if appended.repeated {
      await chat.giveBack(toll)
    } else {
      chat.tell(appended)
    }
    if let stranger = appended.stranger { await chat.meet(stranger, as: caller) }
    return appended
  }

  /// Checks what needs no store.
  func check(_ limits: Limits) throws(ChatError) {
    var faults = Faults()
    if !text.isEmpty || attachments.isEmpty { faults.check(text, limits.text) }
    faults.check(clientMessageID, limits.clientMessageID)
    faults.check(attachments: attachments, limits)
    try faults.settle()
  }

  /// The message as the log takes it, with what it carries.
  func stored(by sender: UserID, carrying files: [Attachment] = []) -> NewMessage {
    NewMessage(
      conversation: conversation, sender: sender, type: type, text: text, clientMessageID: clientMessageID,
      replyTo: replyTo, attachments: files)
  }

  private func append(_ chat: Chat, _ sender: UserID) async throws(ChatError) -> Appended {
    let carried = try await carried(chat, sender)
    return try await chat.log.append(stored(by: sender, carrying: carried))
  }

  /// The first answer to a send with files: it is owed even when they were deleted since.
  private func repeated(_ chat: Chat, _ sender: UserID) async throws(ChatError) -> Appended? {
    guard !attachments.isEmpty, let clientMessageID,
      let first = try await chat.log.message(by: sender, clientMessageID: clientMessageID, in: conversation)
    else { return nil }
    let isSame =
      first.type == type && first.text.utf8.elementsEqual(text.utf8) && first.attachments.map(\.id) == attachments
    guard isSame || first.editedAt != nil || first.deletedAt != nil else { throw .conflict(.idempotency) }
    return Appended(message: first, repeated: true)
  }

  /// Lets the conversation's readers read the files, before the message can be seen.
  private func carried(_ chat: Chat, _ sender: UserID) async throws(ChatError) -> [Attachment] {
    guard !attachments.isEmpty else { return [] }
    let files = try await chat.files.link(
      attachments, of: sender, to: conversation, most: chat.limits.conversationsPerFileMax)
    guard files.count == attachments.count else {
      let known = Set(files.map(\.id))
      throw .invalid(
        attachments.indices.filter { !known.contains(attachments[$0]) }.map {
          Fault(pointer: "/attachments/\($0)", code: "unknown_file", detail: "attachments must be files of your own.")
        })
    }
    return files.map(\.attachment)
  }
}

extension Chat {
  /// Tells the members of a message that was stored.
  func tell(_ appended: Appended) { publisher.publish(Entry(creating: appended.message)) }

  /// Strangers who write to each other become contacts. Whatever stands against it leaves the message stored; the next
  /// one tries again.
  func meet(_ stranger: UserID, as caller: Caller) async { _ = try? await change(.meet, with: stranger, as: caller) }
}

extension Faults {
  fileprivate mutating func check(attachments: [FileID], _ limits: Limits) {
    if attachments.count > limits.attachmentsMax {
      add("/attachments", "too_many", "attachments must be at most \(limits.attachmentsMax).")
    }
    if Set(attachments).count < attachments.count {
      add("/attachments", "not_allowed", "attachments must name each file once.")
    }
  }
}

extension Entry {
  /// The log entry of a message that was just stored.
  public init(creating message: Message) {
    self.init(
      conversation: message.conversation, seq: message.seq, id: message.id, createdAt: message.createdAt,
      author: message.sender, event: .messageCreated(message))
  }
}
