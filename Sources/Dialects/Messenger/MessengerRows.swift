import ChatCore
import HTTP1
import JSONText

/// The requests, events and objects of seed 001.
enum MessengerRows {
  static let routes: [Route] = [
    .on(.get, "/session", .signedIn) { .ok(try await me($0)) },
    .on(.post, "/login", .open) { ask in
      let wrong = Refusal(401, "username/password not on file")
      let (known, token) = try await ask.signIn(by: "username", "password_hash", else: wrong)
      return Answer(200, .json(try await me(known)), headers: ask.cookie("session", token))
    },
    .on(.delete, "/logout", .recognised) { try await $0.signOut(clearing: "session") },
    .on(.get, "/users", .signedIn, .search) { ask in
      .ok(.array(try await ask.everybody().map { user($0, ask.voice) }))
    },
    .on(.post, "/users", .open, .register) { ask in
      let (name, password) = (try ask.require("username"), try ask.require("password_hash"))
      let (first, last, email) = (try ask.require("fname"), try ask.require("lname"), try ask.present("email"))
      let register = Register(
        username: name, password: password, displayName: "\(first) \(last)", email: email.isEmpty ? nil : email,
        attributes: try names(ask))
      return .created(user(Person(try await ask.run(register), isOnline: false), own: [], ask.voice))
    },
    .on(.get, "/users/<int>", .signedIn) { ask in
      let person = try await ask.person(at: 0)
      return .ok(try person.user.id == ask.caller.user ? try await me(ask) : user(person, ask.voice))
    },
    .on(.patch, "/users/<int>", .signedIn, .write) { ask in
      try await ask.changeAccount(
        at: 0, password: "password_hash", email: "email", picture: "profile_pic", attributes: names(ask))
      return .ok(try await me(ask))
    },
    .on(.get, "/messages", .signedIn) { ask in
      guard let one = ask.userID("senderId"), let other = ask.userID("recipientId") else { return .ok([]) }
      return .ok(.array(try await ask.directHistory(one, other).map { message($0, ask.voice) }))
    },
    .on(.post, "/messages", .signedIn, .send) { ask in
      guard try ask.isMine("sender") else { throw ChatError.forbidden(.notTheAuthor) }
      let (text, recipient) = (try ask.require("text"), try ask.requireUser("recipient"))
      guard let type = MessageType(rawValue: ask.parameters.text("message_type") ?? "text") else {
        throw Refusal(422, "Invalid message type")
      }
      let sent = try await ask.run(SendDirectMessage(to: recipient, text: text, type: type))
      return .created(message(DirectMessage(sent, to: recipient), ask.voice))
    },
    .on(.patch, "/messages/<int>", .signedIn, .write) { ask in
      .ok(message(try await ask.editOwnMessage(at: 0, text: ask.require("text")), ask.voice))
    },
    .on(.delete, "/messages/<int>", .signedIn, .write) { ask in
      _ = try await ask.run(DeleteMessage(message: ask.ownMessage(at: 0).message.id))
      return .ok([:])
    },
    .on(.get, "/contacts", .signedIn) { .ok(.array(try await contacts($0))) },
    .on(.post, "/contacts", .signedIn, .write) { ask in
      guard try ask.isMine("user_first") else { throw ChatError.forbidden(.notTheOwner) }
      let (row, isNew) = try await ask.befriend(ask.requireUser("user_second"))
      return Answer(isNew ? 201 : 200, .json(row.map { contact($0, ask.voice) } ?? [:]))
    },
    .on(.delete, "/contacts/<id>", .signedIn, .write) { ask in
      _ = try await ask.run(RemoveContact(user: ask.contact(at: 0), mutual: true))
      return .ok(["message": "contact deleted"])
    },
    .on(.post, "/uploadimage", .signedIn, .write, takesFile: true) { ask in
      let (missing, wrong) = (Refusal(400, "No file part"), Refusal(400, "Invalid file format"))
      let types: Set<FileType> = [.mp3, .wav, .png, .jpeg, .gif]
      return .ok(["filename": .string(try await ask.publish("file", as: types, missing: missing, wrong: wrong))])
    },
    .on(.get, "/uploadimage", .open) { _ in .ok([:]) },
    .on(.get, "/static/<text>", .open) { try await $0.publicFile(at: 0, nobody: nobody) },
  ]

  static let actions: [Action] = [
    .on("login", .open) { ask in
      guard await ask.proof() != nil, ask.parameters.text("username") == (try await ask.me.username) else { throw who }
      ask.watch(try await ask.contacts().map { Author(id: $0.user, username: $0.username) })
      return []
    },
    .on("user_status_change", .signedIn, .read, mayBeLost: true) { ask in
      let (me, status) = (try await ask.me.username, ask.parameters.text("status") ?? "")
      guard ask.parameters.text("sender") == me, ["online", "offline"].contains(status) else { throw who }
      let other = try await ask.reachable("userId")
      let told: JSONValue = ["userId": .string(other.username), "sender": .string(me), "status": .string(status)]
      ask.tell(Words("user_status_change", told), .user(other.id))
      return []
    },
    .on("contact_added", .signedIn, .write) { ask in
      let (me, other) = (try await ask.run(ShowMe()), try await ask.reachable("destinationUser"))
      ask.tell(Words("contact_added", user(Person(me, isOnline: true), ask.voice)), .user(other.id))
      return []
    },
    // What was stored has been told when it was; a picture of this form is not stored.
    .on("message", .signedIn, .send) { ask in
      guard let image = ask.parameters.text("image") else { return [] }
      let (me, time) = (try await ask.me.username, ask.parameters["timestamp"] ?? nil)
      let told: JSONValue = ["image": .string(image), "timestamp": time, "sender": .string(me)]
      return try await ask.say(Words("message", .string(told.text)), to: ask.reachable("recipient"))
    },
    .on("message_updated") { _ in [] },
  ]

  private static let who = Refusal(401, "Please login")
  private static let nobody = "profile-picture-default.png"

  private static func names(_ ask: Ask) throws -> [String: String] {
    try ask.letters("fname", "lname") { name in
      Refusal(422, "\(name == "fname" ? "Fname" : "Lname") must contain only alphabetic characters.")
    }
  }

  private static func me(_ ask: Ask) async throws -> JSONValue {
    let person = Person(try await ask.run(ShowMe()), isOnline: ask.parameters.text("status") != "offline")
    return user(person, own: try await contacts(ask), ask.voice)
  }

  private static func user(_ person: Person, own: [JSONValue]? = nil, _ voice: Voice) -> JSONValue {
    let (user, id) = (person.user, voice.id(person.user.id))
    return [
      "id": id, "username": .string(user.username), "fname": .string(user.attributes["fname"] ?? user.displayName),
      "lname": .string(user.attributes["lname"] ?? ""), "email": .string(own == nil ? "" : user.email ?? ""),
      "status": person.isOnline ? "online" : "offline", "date": voice.time(user.createdAt),
      "profile_pic": .string(user.avatarURL ?? nobody), "sent_messages": [], "recieved_massages": [],
      "contacts_sent": .array((own ?? []).filter { $0["user_first"] == id }),
      "contacts_received": .array((own ?? []).filter { $0["user_first"] != id }),
    ]
  }

  private static func contacts(_ ask: Ask) async throws -> [JSONValue] {
    try await ask.acquaintances().map { contact($0, ask.voice) }
  }

  private static func contact(_ row: Acquaintance, _ voice: Voice) -> JSONValue {
    let (first, second) = (row.first.user.id, row.second.user.id)
    return [
      "id": .integer(row.id), "user_first": voice.id(first), "user_second": voice.id(second), "status": "pending",
      "date": voice.time(row.contact.since), "user_first_obj": user(row.first, voice),
      "user_second_obj": user(row.second, voice),
    ]
  }

  static func message(_ direct: DirectMessage, _ voice: Voice) -> JSONValue {
    let message = direct.message
    return [
      "id": voice.id(message.id), "sender": voice.id(message.sender.id), "recipient": voice.id(direct.recipient),
      "message_type": .string(message.type.rawValue), "text": .string(message.text), "reaction_emoji": nil,
      "date": voice.time(message.createdAt), "modified_date": voice.time(message.editedAt), "seen": "False",
      "previous_body": .text(message.previousText),
    ]
  }

  static func words(_ said: DirectMessage, to recipient: Author, _ voice: Voice) -> Words {
    let message = said.message
    let told: JSONValue = [
      "text": .string(message.text), "sender": .string(message.sender.username),
      "recipient": .string(recipient.username), "message_type": .string(message.type.rawValue),
      "date": voice.time(message.createdAt), "id": voice.id(message.id),
    ]
    return Words("message", .string(told.text))
  }
}
