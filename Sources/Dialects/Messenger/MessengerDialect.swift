import ChatCore
import HTTP1
import JSONText

extension Dialect {
  /// Seed 001: REST with a session cookie, and Socket.IO whose clients prove who they are by it, early or late.
  public static let messenger = Dialect(
    name: "messenger", carrier: .socketIO,
    credential: Credential(
      requests: [.cookie("session")], sockets: [.cookie("session"), .parameter("token"), .auth("token")],
      lifetime: 30 * 86_400, isProvenLater: true),
    ids: .integer, times: .spaced, options: [.sameSite],
    routes: [
      .on(.get, "/session", .signedIn) { .ok(try await $0.whole($0.myself)) },
      .on(.post, "/login", .open) { ask in
        let wrong = Refusal(401, "username/password not on file")
        return try await ask.signIn(by: "username", "password_hash", cookie: "session", else: wrong) { known in
          try await known.whole(known.myself)
        }
      },
      .on(.delete, "/logout", .recognised) { try await $0.signOut(clearing: "session") },
      .on(.get, "/users", .signedIn, .search) { .list(try await $0.everybody().map($0.voice.user)) },
      .on(.post, "/users", .open, .register) { ask in
        let person = try await ask.register(by: "username", "password_hash", email: "email", names: names)
        return .created(ask.voice.user(person, own: []))
      },
      .on(.get, "/users/<int>", .signedIn) { .ok(try await $0.whole($0.person(at: 0))) },
      .on(.patch, "/users/<int>", .signedIn, .write) { ask in
        let person = try await ask.changeAccount(
          at: 0, password: "password_hash", email: "email", picture: "profile_pic", status: "status", names: names)
        return .ok(try await ask.whole(person))
      },
      .on(.get, "/messages", .signedIn) { ask in
        .list(try await ask.directHistory(between: "senderId", "recipientId").map { ask.voice.message($0) })
      },
      .on(.post, "/messages", .signedIn, .send) { ask in
        let sent = try await ask.sendDirect("text", to: "recipient", by: "sender", type: "message_type")
        return .created(ask.voice.message(sent))
      },
      .on(.patch, "/messages/<int>", .signedIn, .write) { ask in
        .ok(ask.voice.message(try await ask.editOwnMessage(at: 0, "text")))
      },
      .on(.delete, "/messages/<int>", .signedIn, .write) { .ok([:], after: try await $0.deleteOwnMessage(at: 0)) },
      .on(.get, "/contacts", .signedIn) { .list(try await $0.acquaintances().map($0.voice.contact)) },
      .on(.post, "/contacts", .signedIn, .write) { ask in
        let (row, isNew) = try await ask.befriend("user_second", by: "user_first")
        return Answer(isNew ? 201 : 200, .json(ask.voice.contact(row)))
      },
      .on(.delete, "/contacts/<id>", .signedIn, .write) { ask in
        .ok(["message": "contact deleted"], after: try await ask.endContact(at: 0))
      },
      .on(.post, "/uploadimage", .signedIn, .write, takesFile: true) { ask in
        .ok(["filename": try await ask.publish("file", as: [.mp3, .wav, .png, .jpeg, .gif])])
      },
      .on(.get, "/uploadimage", .open) { _ in .ok([:]) },
      .on(.get, "/static/<text>", .open) { try await $0.publicFile(at: 0, nobody: nobody) },
    ],
    actions: [
      .on("login", .open) { try await $0.introduce("username") },
      .on("user_status_change", .signedIn, .read, mayBeLost: true) { ask in
        let told = Words("user_status_change", try await ask.passed("userId", "status", by: "sender"))
        return try await ask.tell(told, contact: "userId")
      },
      .on("contact_added", .signedIn, .write) { ask in
        try await ask.tell(Words("contact_added", ask.voice.user(ask.myself)), contact: "destinationUser")
      },
      // A message was told when it was stored; a picture in the old form is only passed on.
      .on("message", .signedIn, .send) { ask in
        guard ask.parameters.has("image") else { return [] }
        let told = Words("message", .string(try await ask.passed("image", "timestamp", by: "sender").text))
        return try await ask.tell(told, contact: "recipient", isEchoed: true)
      },
      .on("message_updated") { _ in [] },
    ],
    announce: { happening, voice in
      happening.direct(
        said: { Words("message", .string(voice.message($0, names: ($0.sender, $1)).text)) },
        edited: { Words("update_message", voice.message($0)) },
        came: { Words("user_status_change", ["sender": .string($0.username), "status": $1 ? "online" : "offline"]) },
        reader: "userId")
    },
    refuse: Refusals(
      envelope: { $0.text.isEmpty ? [:] : ["error": $0.status == 422 ? [.string($0.text)] : .string($0.text)] },
      missing: { member, word in Refusal(422, "NOT NULL constraint failed: \(word).\(member)") },
      credential: { _, _ in Refusal(401, "Please login") },
      words: { error, word in
        switch error {
        case .notFound: Refusal(404, word == "users" ? "user not found" : "")
        case .conflict(.usernameTaken): Refusal(422, "UNIQUE constraint failed: users.username")
        case .invalid(let faults): Refusal(422, faults.first?.detail ?? "")
        default: nil
        }
      }),
    deviations: [
      "All but registering, signing in and reading pictures needs the cookie; each changes only what is his own.",
      "A socket's identity is proven by the cookie or a token, at once or within 10 s: any username was believed.",
      "What a socket says is told only as it is stored, or to a contact in the sender's name: anything was relayed.",
      "Users show no messages, others no contacts and addresses; a text before an edit is its author's to read.",
      "Who is there, sockets say; a status that is PATCHed is not kept. All devices hear: only the first did.",
      "Uploads are known by their bytes, limited, named at random; a foreign origin's page has no cookie here.",
      "There are no groups here, so nothing of a group is told; a deleted message is as if it never was.",
    ])

  private static let nobody = "profile-picture-default.png"
  private static let names = ["fname", "lname"]
}

extension Ask {
  /// A user, to himself with his contacts and his address.
  fileprivate func whole(_ person: Person) async throws -> JSONValue {
    voice.user(person, own: try await acquaintances(of: person)?.map(voice.contact))
  }
}

extension Voice {
  fileprivate func user(_ person: Person) -> JSONValue { user(person, own: nil) }

  fileprivate func user(_ person: Person, own: [JSONValue]?) -> JSONValue {
    let (me, email, own) = (id(person.id), own == nil ? nil : person.email, own ?? [])
    return [
      "id": me, "username": .string(person.username),
      "fname": .string(person.attributes["fname"] ?? person.displayName),
      "lname": .string(person.attributes["lname"] ?? ""), "email": .string(email ?? ""), "date": time(person.createdAt),
      "status": person.isOnline ? "online" : "offline", "sent_messages": [], "recieved_massages": [],
      "profile_pic": .string(person.avatarURL ?? "profile-picture-default.png"),
      "contacts_sent": .array(own.filter { $0["user_first"] == me }),
      "contacts_received": .array(own.filter { $0["user_first"] != me }),
    ]
  }

  fileprivate func contact(_ row: Acquaintance) -> JSONValue {
    [
      "id": .integer(row.id), "user_first": id(row.first.id), "user_second": id(row.second.id), "status": "pending",
      "date": time(row.contact.since), "user_first_obj": user(row.first), "user_second_obj": user(row.second),
    ]
  }

  /// By ids as it is asked for, by names as it is told.
  fileprivate func message(_ said: DirectMessage, names: (Author, Author)? = nil) -> JSONValue {
    [
      "id": id(said.id), "sender": names.map { .string($0.0.username) } ?? id(said.sender.id),
      "recipient": names.map { .string($0.1.username) } ?? id(said.recipient), "text": .string(said.text),
      "message_type": .string(said.type.rawValue), "date": time(said.createdAt), "modified_date": time(said.editedAt),
      "previous_body": .text(said.previousText), "reaction_emoji": nil, "seen": "False",
    ]
  }
}
