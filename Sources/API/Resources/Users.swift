import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/users`: registering, oneself, others, search.
enum Users {
  static func rows(_ limits: Limits) -> [Endpoint] {
    [register(limits), me, updateMe(limits), deleteMe(limits), changePassword(limits), show, search(limits)]
  }

  private static func register(_ limits: Limits) -> Endpoint {
    let body = Shape(
      "NewUser",
      [
        .string(
          "username", .required, bytes: 1...limits.usernameBytesMax,
          "The name to sign in with: letters and decimal digits, `.`, `_`, `-` and single spaces inside, with at least "
            + "one letter; no combining marks, letters of one script (Chinese, Japanese and Korean may stand with "
            + "Latin), digits of one kind, none of them full-width, styled or joined; unique without regard to case."),
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
        .string(
          "avatar_url", .nullable, bytes: 1...limits.avatarURLBytesMax, "A path or https URL; null takes it away."),
        .map(
          "attributes", .optional, names: .string(bytes: 1...limits.attributeNameBytesMax),
          values: .string(bytes: 0...limits.attributeBytesMax), count: 0...limits.attributesMax,
          "Those named are set, an empty text takes one away, others stay; names of a to z and _."),
      ])
    return Endpoint(
      .patch, "/v1/users/me", "updateMe", "Changes what is given of the caller's profile.", rate: .write, body: body,
      answers: [.init(200, Schemas.ownUser, "The account as it is now.")]
    ) { call async throws(ChatError) in
      var change = ProfileChange(displayName: call.body.string("display_name"))
      if call.body.has("email") { change.email = .some(call.body.string("email")) }
      if call.body.has("avatar_url") { change.avatarURL = .some(call.body.string("avatar_url")) }
      for pair in call.body.pairs("attributes") ?? [] { change.attributes[pair.name] = pair.value.string }
      let user = try await UpdateProfile(change).run(in: call.chat, as: call.caller())
      return .json(.ok) { EntryText.write(own: user, to: &$0) }
    }
  }

  /// Counted as a sign-in that fails: the password could be guessed here too.
  private static func deleteMe(_ limits: Limits) -> Endpoint {
    let body = Shape(
      "AccountEnd", [.string("password", .required, bytes: 1...limits.passwordBytesMax, "The password.")])
    return Endpoint(
      .delete, "/v1/users/me", "deleteMe",
      """
      Ends the account for ever, and all its sessions. Its name stays taken; its messages, and what was sent with \
      them, stay. Within moments it leaves its groups (`member.left`; was it the only owner, the longest-serving admin \
      becomes the owner, without admins the longest-serving member), its contacts lose it, its other files are deleted.
      """, rate: .signIn,
      body: body, answers: [.init(204, nil, "It is gone; its sockets are closed with 4501.")], refusals: [401]
    ) { call async throws(ChatError) in
      let command = DeleteAccount(password: call.body.string("password") ?? "")
      try await command.run(in: call.chat, as: call.caller())
      return .noContent
    }
  }

  private static func changePassword(_ limits: Limits) -> Endpoint {
    let body = Shape(
      "PasswordChange",
      [
        .string("password", .required, bytes: 1...limits.passwordBytesMax, "The one he has."),
        .string(
          "new_password", .required, bytes: limits.passwordBytesMin...limits.passwordBytesMax,
          "The one he is to have; kept as an Argon2id hash."),
      ])
    return Endpoint(
      .post, "/v1/users/me/password", "changePassword", "Replaces the password and ends all other sessions.",
      rate: .signIn, body: body, answers: [.init(204, nil, "It is the new one from now on.")], refusals: [401]
    ) { call async throws(ChatError) in
      let command = ChangePassword(
        password: call.body.string("password") ?? "", newPassword: call.body.string("new_password") ?? "")
      try await command.run(in: call.chat, as: call.caller())
      return .noContent
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
