import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/users`: registering, oneself, others, search.
enum Users {
  static func rows(_ limits: Limits) -> [Endpoint] {
    [register(limits), me, updateMe(limits), show, search(limits)]
  }

  private static func register(_ limits: Limits) -> Endpoint {
    let body = Shape(
      "NewUser",
      [
        .string("username", .required, bytes: 1...limits.usernameBytesMax, "The name to sign in with."),
        .string(
          "password", .required, bytes: limits.passwordBytesMin...limits.passwordBytesMax, "Kept as an Argon2id hash."),
        .string(
          "display_name", .optional, bytes: 1...limits.displayNameBytesMax, "What others see, else the username."),
        .string("email", .optional, bytes: 3...limits.emailBytesMax, "Seen by himself only."),
      ])
    return Endpoint(
      .post, "/v1/users", "registerUser", "Makes an account.", access: .open, rate: .register, body: body,
      answers: [.init(201, Schemas.user, "The account was made.")], refusals: [409]
    ) { call async throws(ChatError) in
      let command = Register(
        username: call.body.string("username") ?? "", password: call.body.string("password") ?? "",
        displayName: call.body.string("display_name"), email: call.body.string("email"))
      let user = try await command.run(in: call.chat)
      return .json(.created) { EntryText.write(user, to: &$0) }
    }
  }

  private static let me = Endpoint(
    .get, "/v1/users/me", "showMe", "The caller's own account.",
    answers: [.init(200, Schemas.ownUser, "The account.")]
  ) { call async throws(ChatError) in
    let user = try await ShowMe().run(in: call.chat, as: call.caller())
    return .json(.ok) { EntryText.write(own: user, to: &$0) }
  }

  private static func updateMe(_ limits: Limits) -> Endpoint {
    let body = Shape(
      "ProfileChange",
      [
        .string("display_name", .optional, bytes: 1...limits.displayNameBytesMax, "What others see."),
        .string("email", .nullable, bytes: 3...limits.emailBytesMax, "null takes it away."),
      ])
    return Endpoint(
      .patch, "/v1/users/me", "updateMe", "Changes what is given of the caller's profile.", rate: .write, body: body,
      answers: [.init(200, Schemas.ownUser, "The account as it is now.")]
    ) { call async throws(ChatError) in
      let email: String?? = call.body.has("email") ? .some(call.body.string("email")) : nil
      let command = UpdateProfile(displayName: call.body.string("display_name"), email: email)
      let user = try await command.run(in: call.chat, as: call.caller())
      return .json(.ok) { EntryText.write(own: user, to: &$0) }
    }
  }

  private static let show = Endpoint(
    .get, "/v1/users/{user}", "showUser", "Another user, as everybody sees him.",
    answers: [.init(200, Schemas.user, "The user.")]
  ) { call async throws(ChatError) in
    let user = try await ShowUser(user: call.user()).run(in: call.chat, as: call.caller())
    return .json(.ok) { EntryText.write(user, to: &$0) }
  }

  private static func search(_ limits: Limits) -> Endpoint {
    let query = Shape(
      "UserSearch",
      [.string("query", .required, bytes: 1...limits.usernameBytesMax, "What names begin with, in any case.")]
        + Field.paging(limits))
    return Endpoint(
      .get, "/v1/users", "searchUsers", "Users whose names begin with the query.", rate: .search, query: query,
      answers: [.init(200, Schemas.users, "A page of users.")]
    ) { call async throws(ChatError) in
      var after: String?
      if let cursor = call.query.string("cursor") { after = try Cursor.value(cursor) }
      let command = SearchUsers(query: call.query.string("query") ?? "", after: after, limit: call.limit)
      let found = try await command.run(in: call.chat, as: call.caller())
      return .json(.ok) { writer in
        writer.listing("users", found, cursor: { $0 }) { EntryText.write($0, to: &$1) }
      }
    }
  }
}
