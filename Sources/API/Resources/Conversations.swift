import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/conversations`: opening, listing, renaming, deleting.
enum Conversations {
  static func rows(_ limits: Limits) -> [Endpoint] {
    [open(limits), list(limits), show, update(limits), delete]
  }

  private static func open(_ limits: Limits) -> Endpoint {
    Endpoint(
      .post, "/v1/conversations", "openConversation", "Opens a conversation; the caller owns groups and public ones.",
      rate: .write, body: newConversation(limits),
      answers: [
        .init(201, Schemas.conversation, "It was made."), .init(200, Schemas.conversation, "It existed (direct only)."),
      ], refusals: [403]
    ) { call async throws(ChatError) in try await open(call) }
  }

  private static func newConversation(_ limits: Limits) -> Shape {
    let title = Field.string("title", .required, bytes: 1...limits.titleBytesMax, "Its title.")
    let picture = Field.string("picture_url", .optional, bytes: 1...limits.pictureBytesMax, "A path or web address.")
    let members = Field.array(
      "members", .required, of: .integer(.ids), count: 0...limits.membersPerRequestMax,
      "Ids of its first members besides the caller.")
    return Shape(
      "NewConversation", by: "kind",
      [
        .init(
          "direct", "With one other; the one that exists, if there is one.",
          [.integer("user", .required, .ids, "The other.")]),
        .init("group", "With those named, and those who are added later.", [title, picture, members]),
        .init("public", "Read and joined by anyone signed in.", [title, picture]),
      ])
  }

  private static func open(_ call: Call) async throws(ChatError) -> Answer {
    let caller = try call.caller()
    let title = call.body.string("title") ?? ""
    let picture = call.body.string("picture_url")
    switch call.body.string("kind") {
    case "direct":
      let opened = try await OpenDirectConversation(user: call.bodyID("user")).run(in: call.chat, as: caller)
      return answer(opened.isNew ? .created : .ok, opened.conversation)
    case "group":
      let members = (call.body.integers("members") ?? []).compactMap { UserID(checking: $0) }
      let command = CreateConversation(kind: .group, title: title, picture: picture, members: members)
      return answer(.created, try await command.run(in: call.chat, as: caller))
    default:
      let command = CreateConversation(kind: .public, title: title, picture: picture)
      return answer(.created, try await command.run(in: call.chat, as: caller))
    }
  }

  private static func list(_ limits: Limits) -> Endpoint {
    Endpoint(
      .get, "/v1/conversations", "listConversations", "The conversations that the caller is a member of.",
      query: Shape("ConversationList", Field.paging(limits)),
      answers: [.init(200, Schemas.conversations, "A page of conversations.")]
    ) { call async throws(ChatError) in
      let command = ListConversations(after: try call.cursor(), limit: call.limit)
      let found = try await command.run(in: call.chat, as: call.caller())
      return .json(.ok) { writer in
        writer.listing("conversations", found, cursor: { String($0.rawValue) }) { EntryText.write($0, to: &$1) }
      }
    }
  }

  private static let show = Endpoint(
    .get, "/v1/conversations/{conversation}", "showConversation", "One conversation with its first members.",
    answers: [.init(200, Schemas.conversation, "The conversation.")]
  ) { call async throws(ChatError) in
    let command = ShowConversation(conversation: try call.conversation())
    return answer(.ok, try await command.run(in: call.chat, as: call.caller()))
  }

  private static func update(_ limits: Limits) -> Endpoint {
    Endpoint(
      .patch, "/v1/conversations/{conversation}", "updateConversation", "Changes title and picture; owner and admins.",
      rate: .write,
      body: Shape(
        "ConversationChange",
        [
          .string("title", .optional, bytes: 1...limits.titleBytesMax, "The new title."),
          .string(
            "picture_url", .nullable, bytes: 1...limits.pictureBytesMax, "A path or web address; null for none."),
        ]),
      answers: [.init(200, Schemas.conversation, "The conversation as it is now.")], refusals: [403]
    ) { call async throws(ChatError) in
      let command = UpdateConversation(
        conversation: try call.conversation(), title: call.body.string("title"),
        picture: call.body.has("picture_url") ? .some(call.body.string("picture_url")) : nil)
      return answer(.ok, try await command.run(in: call.chat, as: call.caller()))
    }
  }

  private static let delete = Endpoint(
    .delete, "/v1/conversations/{conversation}", "deleteConversation", "Closes it for ever; the owner only.",
    rate: .write, answers: [.init(204, nil, "It is gone for all members.")], refusals: [403, 409]
  ) { call async throws(ChatError) in
    try await DeleteConversation(conversation: call.conversation()).run(in: call.chat, as: call.caller())
    return .noContent
  }

  private static func answer(_ status: Status, _ conversation: Conversation) -> Answer {
    .json(status) { EntryText.write(conversation, to: &$0) }
  }
}

extension Call {
  /// The `{conversation}` of the path.
  func conversation() throws(ChatError) -> ConversationID { try id("conversation", .conversation) }
}
