import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/messages/{message}`: one message after it was sent; its id says where it lives.
enum SentMessages {
  static func rows(_ limits: Limits) -> [Endpoint] { [show, edit(limits), delete, react, unreact] }

  private static let show = Endpoint(
    .get, "/v1/messages/{message}", "showMessage", "One message as it is now; its ETag names that state.",
    answers: [.init(200, Schemas.message, "The message.")]
  ) { call async throws(ChatError) in
    answer(try await ShowMessage(message: call.message()).run(in: call.chat, as: call.caller()))
  }

  private static func edit(_ limits: Limits) -> Endpoint {
    Endpoint(
      .patch, "/v1/messages/{message}", "editMessage",
      "Changes the text of one's own message; with If-Match, only if nobody has changed the message since.",
      rate: .write,
      headers: Shape(
        "EditHeaders", [.string(ifMatch, .optional, bytes: 1...ifMatchBytesMax, "ETags of the message, or *.")]),
      body: Shape("MessageChange", [.string("text", .required, bytes: 1...limits.textBytesMax, "The new text.")]),
      answers: [.init(200, Schemas.message, "The message as it is now.")], refusals: [403, 409, 412]
    ) { call async throws(ChatError) in
      let command = EditMessage(
        message: try call.message(), text: call.body.string("text") ?? "",
        versions: call.headers.string(ifMatch).flatMap(versions))
      return answer(try await command.run(in: call.chat, as: call.caller()))
    }
  }

  private static let delete = Endpoint(
    .delete, "/v1/messages/{message}", "deleteMessage",
    "Takes a message's text away for all; its author may, and owner and admins.", rate: .write,
    answers: [.init(204, nil, "It is deleted; its place in the conversation stays.")], refusals: [403]
  ) { call async throws(ChatError) in
    _ = try await DeleteMessage(message: call.message()).run(in: call.chat, as: call.caller())
    return .noContent
  }

  private static let react = Endpoint(
    .put, "/v1/messages/{message}/reactions/{emoji}", "addReaction", "Puts the caller's reaction on a message.",
    rate: .write, answers: [.init(200, Schemas.message, "The message as it is now.")], refusals: [403, 409]
  ) { call async throws(ChatError) in
    let command = AddReaction(message: try call.message(), emoji: call.text("emoji"))
    return answer(try await command.run(in: call.chat, as: call.caller()))
  }

  private static let unreact = Endpoint(
    .delete, "/v1/messages/{message}/reactions/{emoji}", "removeReaction",
    "Takes the caller's reaction off a message.", rate: .write,
    answers: [.init(204, nil, "It is not on the message.")], refusals: [403]
  ) { call async throws(ChatError) in
    _ = try await RemoveReaction(message: call.message(), emoji: call.text("emoji"))
      .run(in: call.chat, as: call.caller())
    return .noContent
  }

  private static func answer(_ message: Message) -> Answer {
    Answer.json(.ok) { EntryText.write(message, to: &$0) }.tagged(EntityTag(String(message.version)))
  }

  // MARK: If-Match

  private static let ifMatch = "If-Match"
  /// Tags of a few states; more would be no client that has read the message.
  private static let ifMatchBytesMax = 512

  /// The states that the header names; nil for `*`. A weak tag or a foreign one names none (RFC 9110 section 13.1.1).
  private static func versions(_ header: String) -> Set<Int64>? {
    let elements = FieldList.elements([header])
    if elements.contains("*") { return nil }
    return Set(elements.compactMap { EntityTag(parsing: $0) }.filter { !$0.isWeak }.compactMap { Int64($0.opaque) })
  }
}

extension Call {
  /// The `{message}` of the path.
  fileprivate func message() throws(ChatError) -> EntryID { try id("message", .message) }
}
