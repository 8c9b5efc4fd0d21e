import ChatCore
import Delivery
import JSONText

/// What the sockets of seed 003 send and hear.
enum PymessageActions {
  static let rows: [Action] = [
    .on("login", .open) { ask in
      try await begin(ask, "resp") { try await ask.signIn($0, $1) }
    },
    .on("create_acc", .open, .register) { ask in
      try await begin(ask, "create_acc_resp") { try await ask.signUp($0, $1) }
    },
    .on("send_msg", .signedIn, .send) { ask in
      let (name, text) = (try ask.require("recipient"), try ask.require("content"))
      let away = Refusal(404, "\(name) is not connected to the network")
      guard let user = ask.userID("recipient") else { throw away }
      if ask.voice.option("msg_nonfriend") == "false" { try await refuseStranger(ask, user, name) }
      guard try await ask.wouldHear(user) else { throw away }
      _ = try await ask.run(SendDirectMessage(to: user, text: text)) { error in
        if case .forbidden = error { away } else { nil }
      }
      return .say("send_resp", ["status": "success"])
    },
    .on("get_friends", .signedIn, .read) { ask in
      let friends = try await ask.contacts([.accepted])
      let shapes = friends.map { ["username": .string($0.username), "id": ask.voice.id($0.user)] as JSONValue }
      return .say("friends_resp", ["friends": .array(shapes)])
    },
    .on("request_friend", .signedIn, .write) {
      try await run($0, RequestContact.init, "failed to send friend request to", "request_resp", "sent")
    },
    .on("add_friend", .signedIn, .write) {
      try await run($0, AcceptContact.init, "failed to add friend", "add_resp", "added")
    },
    .on("deny_friend", .signedIn, .write) {
      try await run($0, DenyContact.init, "failed to deny friend", "deny_resp", "success")
    },
    // Nobody else has the token of this login.
    .on(Action.disconnect) { ask in
      try await ask.signOut()
      return []
    },
  ]

  private static func begin(
    _ ask: Ask, _ answer: String, by enter: (_ name: String, _ pin: String) async throws -> SignedIn
  ) async throws -> [Words] {
    guard !ask.isKnown else { throw Refusal(409, "already logged in") }
    let signedIn = try await enter(ask.require("username"), ask.require("pin"))
    try await ask.begin(signedIn)
    let waiting = try await ask.contacts([.requesting]).compactMap { request($0, ask.voice) }
    return [Words(answer, ["id": ask.voice.id(signedIn.user.id)])] + waiting
  }

  private static func refuseStranger(_ ask: Ask, _ user: UserID, _ name: String) async throws {
    let stranger = Refusal(403, "\(name) is not your friend")
    let contact = try await ask.run(FindContact(user: user)) { $0 == .notFound(.contact) ? stranger : nil }
    guard contact.state == .accepted else { throw stranger }
  }

  /// Changes what another is to the caller; whatever stands against it is told in these words and with who was named.
  private static func run<Asked: Command>(
    _ ask: Ask, _ command: (UserID) -> Asked, _ words: String, _ answer: String, _ status: JSONValue
  ) async throws -> [Words] {
    let text = "\(words) \(try ask.require("user"))"
    guard let user = ask.userID("user") else { throw Refusal(404, text) }
    _ = try await ask.run(command(user)) { Refusals.standard($0).saying(text) }
    return .say(answer, ["status": status])
  }

  static let announce: @Sendable (Happening, Voice) -> [Announcement] = { happening, voice in
    guard case .entry(let entry, let facts) = happening else { return [] }
    switch entry.event {
    case .messageCreated(let message) where facts.kind == .direct:
      let text = message.text.isEmpty ? message.attachments.map(\.name).joined(separator: ", ") : message.text
      let words = Words("message", ["sender": voice.id(message.sender.id), "content": .string(text)])
      return [Announcement(words, to: .others(than: message.sender.id))]
    case .contactChanged(let contact): return request(contact, voice).map { [Announcement($0)] } ?? []
    case .messageCreated, .messageEdited, .messageDeleted, .conversationCreated, .conversationUpdated,
      .conversationDeleted, .reactionAdded, .reactionRemoved, .memberJoined, .memberLeft, .memberChanged, .joined,
      .left, .blockChanged, .unknown:
      return []
    }
  }

  /// What is told of who has asked, unless something else is between the two.
  private static func request(_ contact: Contact, _ voice: Voice) -> Words? {
    guard contact.state == .requesting, contact.label == .new else { return nil }
    return Words("friend_request", ["user": voice.id(contact.user)])
  }
}
