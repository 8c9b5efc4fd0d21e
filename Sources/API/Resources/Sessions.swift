import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/sessions`: signing in, refreshing, the list of devices, signing out.
enum Sessions {
  static func rows(_ limits: Limits) -> [Endpoint] { [signIn(limits), refresh, list, endAll, end] }

  private static func signIn(_ limits: Limits) -> Endpoint {
    let body = Shape(
      "SignIn",
      [
        .string("username", .required, bytes: 1...limits.usernameBytesMax, "The name, in any case."),
        .string("password", .required, bytes: 1...limits.passwordBytesMax, "The password."),
        .string("device", .optional, bytes: 1...limits.deviceBytesMax, "What the client calls itself."),
      ])
    return Endpoint(
      .post, "/v1/sessions", "signIn", "Opens a session.", access: .open, rate: .signIn, body: body,
      answers: [.init(201, Schemas.tokens, "Signed in.")], refusals: [401]
    ) { call async throws(ChatError) in
      let command = SignIn(
        username: call.body.string("username") ?? "", password: call.body.string("password") ?? "",
        device: call.body.string("device"))
      return answer(try await command.run(in: call.chat))
    }
  }

  private static let refresh = Endpoint(
    .post, "/v1/sessions/refresh", "refreshSession",
    "Gives new tokens for a refresh token; each is good once, and a second use past 30 s ends the session.",
    access: .open, rate: .signIn,
    body: Shape("Refresh", [.string("refresh_token", .required, bytes: 1...1_024, "The newest one.")]),
    answers: [.init(201, Schemas.tokens, "The new tokens.")], refusals: [401]
  ) { call async throws(ChatError) in
    let command = RefreshSession(refreshToken: call.body.string("refresh_token") ?? "")
    return answer(try await command.run(in: call.chat))
  }

  private static let list = Endpoint(
    .get, "/v1/sessions", "listSessions", "The caller's sessions, newest first.",
    answers: [.init(200, Schemas.sessions, "The sessions.")]
  ) { call async throws(ChatError) in
    let caller = try call.caller()
    let sessions = try await ListSessions().run(in: call.chat, as: caller)
    return .json(.ok) { writer in
      writer.object { writer in
        writer.key("sessions")
        writer.array { writer in
          for session in sessions { EntryText.write(session, current: caller.session, to: &writer) }
        }
        writer.member("next_cursor", String?.none)
      }
    }
  }

  private static let endAll = Endpoint(
    .delete, "/v1/sessions", "signOutEverywhere", "Ends all of the caller's sessions, this one too.", rate: .write,
    answers: [.init(204, nil, "All have ended; their sockets are closed within a second.")]
  ) { call async throws(ChatError) in
    try await SignOut(.all).run(in: call.chat, as: call.caller())
    return .noContent
  }

  private static let end = Endpoint(
    .delete, "/v1/sessions/{session}", "signOut", "Ends one of the caller's sessions; `me` is this one.", rate: .write,
    answers: [.init(204, nil, "It has ended; its sockets are closed within a second.")]
  ) { call async throws(ChatError) in
    let caller = try call.caller()
    let session = call.isOwn("session") ? caller.session : try call.id("session", .session)
    try await SignOut(.one(session)).run(in: call.chat, as: caller)
    return .noContent
  }

  private static func answer(_ signedIn: SignedIn) -> Answer {
    .json(.created) { writer in
      writer.object { writer in
        writer.member("access_token", signedIn.access.token)
        writer.member("token_type", "Bearer")
        writer.member("expires_in", signedIn.access.expiresIn)
        writer.member("refresh_token", signedIn.refreshToken)
        writer.key("user")
        EntryText.write(own: signedIn.user, to: &writer)
      }
    }
  }
}
