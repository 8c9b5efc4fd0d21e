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
    forms: Forms(
      user: #"""
        {"id":"$id","username":"$username","fname":"$fname|$name","lname":"$lname|","email":"$email|",
        "status":"$status","date":"$date","profile_pic":"$picture|profile-picture-default.png","contacts_sent":"$sent",
        "contacts_received":"$received","sent_messages":[],"recieved_massages":[]}
        """#,
      contact: #"""
        {"id":"$id","user_first":"$first.id","user_second":"$second.id","status":"pending","date":"$date",
        "user_first_obj":"$first","user_second_obj":"$second"}
        """#,
      message: #"""
        {"id":"$id","sender":"$sender","recipient":"$recipient","message_type":"$type","text":"$text","date":"$date",
        "modified_date":"$edited","previous_body":"$previous","reaction_emoji":null,"seen":"False"}
        """#),
    routes: [
      .on(.get, "/session", .signedIn) { .ok(try await $0.whole($0.myself)) },
      .on(.post, "/login", .open) { ask in
        let wrong = Refusal(401, "username/password not on file")
        return try await ask.signIn(by: "username", "password_hash", cookie: "session", else: wrong)
      },
      .on(.delete, "/logout", .recognised) { try await $0.signOut(clearing: "session") },
      .on(.get, "/users", .signedIn, .search) { .list(try await $0.everybody().map($0.voice.user)) },
      .on(.post, "/users", .open, .register) { ask in
        try await ask.register(by: "username", "password_hash", email: "email", names: ["fname", "lname"])
      },
      .on(.get, "/users/<int>", .signedIn) { .ok(try await $0.whole($0.person(at: 0))) },
      .on(.patch, "/users/<int>", .signedIn, .write) { ask in
        try await ask.changeAccount(
          at: 0, password: "password_hash", email: "email", picture: "profile_pic", names: ["fname", "lname"])
      },
      .on(.get, "/messages", .signedIn) { try await $0.directHistory("senderId", "recipientId") },
      .on(.post, "/messages", .signedIn, .send) { ask in
        try await ask.sendDirect("text", to: "recipient", by: "sender", type: "message_type")
      },
      .on(.patch, "/messages/<int>", .signedIn, .write) { try await $0.editOwnMessage(at: 0, "text") },
      .on(.delete, "/messages/<int>", .signedIn, .write) { .ok([:], after: try await $0.deleteOwnMessage(at: 0)) },
      .on(.get, "/contacts", .signedIn) { .list(try await $0.contactRows().map($0.voice.contact)) },
      .on(.post, "/contacts", .signedIn, .write) { try await $0.befriend("user_second", by: "user_first") },
      .on(.delete, "/contacts/<id>", .signedIn, .write) { ask in
        .ok(["message": "contact deleted"], after: try await ask.endContact(at: 0))
      },
      .on(.post, "/uploadimage", .signedIn, .write, takesFile: true) { ask in
        .ok(["filename": try await ask.publish("file", as: [.mp3, .wav, .png, .jpeg, .gif])])
      },
      .on(.get, "/uploadimage", .open) { _ in .ok([:]) },
      .on(.get, "/static/<text>", .open) { try await $0.publicFile(at: 0, nobody: "profile-picture-default.png") },
    ],
    // A message is told when it is stored, and again when it is changed; a picture in the old form is only passed on.
    actions: [
      .on("login", .open, .read) { try await $0.introduce("username") },
      .pass("user_status_change", ["userId", "status"], to: "userId", by: "sender", mayBeLost: true),
      .on("contact_added", .signedIn, .write) { ask in
        try await ask.tell(Words("contact_added", ask.voice.user(ask.myself)), contact: "destinationUser")
      },
      .pass("message", ["image", "timestamp"], to: "recipient", by: "sender", isText: true),
      .quiet("message_updated") { _ in },
    ],
    announce: { happening, voice in
      happening.direct(
        said: { Words("message", .string(voice.message($0, to: $1).text)) },
        edited: { Words("update_message", voice.message($0)) },
        came: { Words("user_status_change", ["sender": .string($0.username), "status": $1 ? "online" : "offline"]) },
        reader: "userId")
    },
    refuse: .ofDatabase(unknown: [.user: "user not found"], taken: "users.username", credential: "Please login"),
    deviations: [
      "All but registering, signing in and reading pictures needs the cookie; each changes only what is his own.",
      "A socket's identity is proven by the cookie or a token, at once or within 10 s: any username was believed.",
      "What a socket says is told only as it is stored, or to a contact in the sender's name: anything was relayed.",
      "Users show no messages, others no contacts and addresses; a text before an edit is its author's to read.",
      "Who is there, sockets say; a status that is PATCHed is not kept. All devices hear: only the first did.",
      "Uploads are known by their bytes, limited, named at random; a foreign origin's page has no cookie here.",
      "There are no groups here, so nothing of a group is told; a deleted message is as if it never was.",
    ])
}
