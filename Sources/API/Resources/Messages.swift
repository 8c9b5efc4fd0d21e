import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/conversations/{conversation}/messages` and `/entries`: sending and history.
enum Messages {
  static func rows(_ limits: Limits) -> [Endpoint] { [send(limits), history(limits), entries(limits)] }

  private static func send(_ limits: Limits) -> Endpoint {
    Endpoint(
      .post, "/v1/conversations/{conversation}/messages", "sendMessage", "Sends a message; answered once it is stored.",
      rate: .send, headers: sendHeaders(limits), body: newMessage(limits),
      answers: [
        .init(201, Schemas.message, "It was stored."), .init(200, Schemas.message, "It had been stored before."),
      ],
      refusals: [403, 409]
    ) { call async throws(ChatError) in
      let command = SendMessage(
        conversation: try call.conversation(), text: call.body.string("text") ?? "",
        type: call.body.string("type").flatMap(MessageType.init(rawValue:)) ?? .text,
        clientMessageID: try call.clientMessageID(),
        replyTo: call.body.integer("reply_to").flatMap { EntryID(checking: $0) },
        attachments: (call.body.integers("attachments") ?? []).compactMap { FileID(checking: $0) })
      let appended = try await command.run(in: call.chat, as: call.caller())
      return .json(appended.repeated ? .ok : .created) { EntryText.write(appended.message, to: &$0) }
    }
  }

  private static func sendHeaders(_ limits: Limits) -> Shape {
    let visible = TextPattern(rest: "!-~", saying: "visible ASCII characters")
    return Shape(
      "SendHeaders",
      [
        .string(
          idempotencyKey, .optional, bytes: 1...limits.clientMessageIDBytesMax, pattern: visible,
          "The same as client_message_id.")
      ])
  }

  fileprivate static let idempotencyKey = "Idempotency-Key"

  private static func newMessage(_ limits: Limits) -> Shape {
    Shape(
      "NewMessage",
      [
        .string("text", .required, bytes: 0...limits.textBytesMax, "What is said; nothing only beside files."),
        .string(
          "client_message_id", .optional, bytes: 1...limits.clientMessageIDBytesMax,
          "The sender's own id; a repeated send with it gets the first answer. Idempotency-Key says the same."),
        .oneOf("type", .optional, MessageType.allCases.map(\.rawValue), standard: "text", "What it carries."),
        .integer("reply_to", .optional, .ids, "The message of this conversation that it answers."),
        .array(
          "attachments", .optional, of: .integer(.ids), count: 0...limits.attachmentsMax, "The sender's own files."),
      ])
  }

  private static func history(_ limits: Limits) -> Endpoint {
    let seq = 0...JSONLimits.integerMax
    let query = Shape(
      "MessagePage",
      [
        .integer("before", .optional, seq, "The newest below this seq."),
        .integer("after", .optional, seq, "The oldest above this seq."),
        .integer("around", .optional, seq, "Around this seq, itself included."), Field.limit(limits),
      ])
    return Endpoint(
      .get, "/v1/conversations/{conversation}/messages", "listMessages",
      "A page of messages, ascending by seq; the newest when nothing is said.", query: query,
      answers: [.init(200, Schemas.messages, "The page.")]
    ) { call async throws(ChatError) in
      let command = ListMessages(conversation: try call.conversation(), page: try call.page(), limit: call.limit)
      let page = try await command.run(in: call.chat, as: call.caller())
      return try .page("messages", page.list.count, head: page.head, hasMore: page.hasMore) {
        writer throws(ChatError) in
        try page.list.read { EntryText.write($0, username: $1, text: $2, clientMessageID: $3, to: &writer) }
      }
    }
  }

  private static func entries(_ limits: Limits) -> Endpoint {
    let query = Shape(
      "EntryPage",
      [
        .integer("after", .optional, 0...JSONLimits.integerMax, standard: 0, "The seq after which to begin."),
        Field.limit(limits),
      ])
    return Endpoint(
      .get, "/v1/conversations/{conversation}/entries", "listEntries",
      "The log: every event with a seq, ascending, without holes; messages as they are now.", query: query,
      answers: [.init(200, Schemas.entries, "The page.")]
    ) { call async throws(ChatError) in
      let command = ListEntries(
        conversation: try call.conversation(), after: call.query.integer("after") ?? 0, limit: call.limit)
      let page = try await command.run(in: call.chat, as: call.caller())
      return try .page("entries", page.entries.count, head: page.head, hasMore: page.hasMore) { writer in
        for entry in page.entries { EntryText.write(entry, to: &writer) }
      }
    }
  }
}

extension Answer {
  /// A part of a conversation's log: `{"<plural>": […], "head": …, "has_more": …}`.
  fileprivate static func page(
    _ plural: StaticString, _ count: Int, head: Int64, hasMore: Bool,
    _ write: (inout JSONWriter) throws(ChatError) -> Void
  ) throws(ChatError) -> Answer {
    var writer = JSONWriter(values: count)
    writer.beginObject()
    writer.key(plural)
    writer.beginArray()
    try write(&writer)
    writer.endArray()
    writer.member("head", head)
    writer.member("has_more", hasMore)
    writer.endObject()
    return .json(.ok, writer.finish())
  }
}

extension Call {
  /// The client's id for a message: the body's member, or the header of the same meaning; both only when equal.
  fileprivate func clientMessageID() throws(ChatError) -> String? {
    let inBody = body.string("client_message_id")
    guard let key = headers.string(Messages.idempotencyKey) else { return inBody }
    // By bytes: two spellings that Swift takes for equal are two ids to the store.
    guard inBody.map({ $0.utf8.elementsEqual(key.utf8) }) ?? true else {
      throw .invalid([
        ChatCore.Fault(
          pointer: "/client_message_id", code: "not_allowed",
          detail: "\"client_message_id\" and the Idempotency-Key header must say the same.")
      ])
    }
    return key
  }

  /// The part of the history asked for; at most one of the three may be.
  fileprivate func page() throws(ChatError) -> Page {
    let rows: [(String, (Int64) -> Page)] = [("before", Page.before), ("after", Page.after), ("around", Page.around)]
    let given = rows.compactMap { name, page in query.integer(name).map { (name: name, page: page($0)) } }
    guard given.count < 2 else {
      throw .invalid(
        given.dropFirst().map {
          ChatCore.Fault(
            pointer: "/" + $0.name, code: "not_allowed", detail: "At most one of before, after and around may be given."
          )
        })
    }
    return given.first?.page ?? .latest
  }
}
