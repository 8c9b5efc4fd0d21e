import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/conversations/{conversation}/members`: who is in it, adding, roles, leaving.
enum ConversationMembers {
  static func rows(_ limits: Limits) -> [Endpoint] { [list(limits), put, remove] }

  private static func list(_ limits: Limits) -> Endpoint {
    Endpoint(
      .get, "/v1/conversations/{conversation}/members", "listMembers", "The members, ascending by user id.",
      query: Shape("MemberList", Field.paging(limits)), answers: [.init(200, Schemas.members, "A page of members.")]
    ) { call async throws(ChatError) in
      let command = ListMembers(conversation: try call.conversation(), after: try call.cursor(), limit: call.limit)
      let found = try await command.run(in: call.chat, as: call.caller())
      return .json(.ok) { writer in
        writer.listing("members", found, cursor: { String($0.rawValue) }) { EntryText.write($0, to: &$1) }
      }
    }
  }

  private static let put = Endpoint(
    .put, "/v1/conversations/{conversation}/members/{user}", "putMember",
    "Adds a member, changes his role, or joins a public conversation as oneself (`me`).", rate: .write,
    body: Shape(
      "MemberChange",
      [.oneOf("role", .optional, Role.allCases.map(\.rawValue), "The role; owner passes ownership.")]),
    isBodyOptional: true, answers: [.init(200, Schemas.member, "The membership as it is now.")], refusals: [403, 409]
  ) { call async throws(ChatError) in
    let command = PutMember(
      conversation: try call.conversation(), user: try call.user(),
      role: call.body.string("role").flatMap(Role.init(rawValue:)))
    let member = try await command.run(in: call.chat, as: call.caller())
    return .json(.ok) { EntryText.write(member, to: &$0) }
  }

  private static let remove = Endpoint(
    .delete, "/v1/conversations/{conversation}/members/{user}", "removeMember",
    "Removes a member, or leaves as oneself (`me`).", rate: .write,
    answers: [.init(204, nil, "He is no longer a member.")], refusals: [403]
  ) { call async throws(ChatError) in
    let command = RemoveMember(conversation: try call.conversation(), user: try call.user())
    try await command.run(in: call.chat, as: call.caller())
    return .noContent
  }
}
