import ChatCore
import HTTP1
import JSONText

/// The requests of seed 002 about files, which lie elsewhere and are only named here.
enum RealtimeFiles {
  static let routes: [Route] = [
    .on(.post, "/api/files", .signedIn, .write) { ask in
      let lacking = Refusal(400, "Missing required fields: filename, file_url, file_size")
      let (name, url) = (try ask.require("filename", else: lacking), try ask.require("file_url", else: lacking))
      guard let size = ask.parameters.integer("file_size"), size != 0 else { throw lacking }
      let command = RegisterFileLink(name: name, url: url, size: size, place: place(ask))
      return .created(RealtimeShapes.file(try await ask.run(command, else: refusal), ask.voice))
    },
    .on(.get, "/api/files", .signedIn) { ask in
      let own: [FileLink] = try await ask.all(weight: \.heldBytes) {
        try await ask.run(ListFileLinks(cursor: $0, limit: $1))
      }
      return .ok(shape(own, ask.voice))
    },
    .on(.get, "/api/files/<int>", .signedIn) { ask in
      .ok(["file": RealtimeShapes.file(try await ask.run(ShowFileLink(file: ask.file(at: 0))), ask.voice)])
    },
    .on(.delete, "/api/files/<int>", .signedIn, .write) { ask in
      try await ask.run(DeleteFileLink(file: ask.file(at: 0)))
      return .ok(["message": "File deleted"])
    },
    .on(.get, "/api/files/public/<int>", .signedIn) { ask in
      try await list(ask, .message(ask.message(at: 0)))
    },
    .on(.get, "/api/files/private/<int>", .signedIn) { ask in
      try await list(ask, .conversation(ask.conversation(at: 0)))
    },
  ]

  /// The one place that is named; nil for none and for both. What is no id belongs to nothing, as 0 does.
  private static func place(_ ask: Ask) -> FilePlace? {
    switch (ask.parameters["public_message_id"], ask.parameters["private_chat_id"]) {
    case (.some, nil): .message(ask.messageID("public_message_id") ?? EntryID(rawValue: 0))
    case (nil, .some): .conversation(ask.conversationID("private_chat_id") ?? ConversationID(rawValue: 0))
    default: nil
    }
  }

  private static func refusal(_ error: ChatError) -> Refusal? {
    guard case .invalid(let faults) = error, let fault = faults.first else { return nil }
    switch (fault.pointer, fault.code) {
    case (_, "too_large"): return Refusal(400, "File size exceeds 5MB limit")
    case ("/name", "not_allowed"):
      return Refusal(400, "Invalid file type. Allowed: PDF, DOC, DOCX, and image files")
    case ("/place", _):
      return Refusal(400, "Exactly one association required: public_message_id, or private_chat_id")
    case ("/message", _): return Refusal(400, "Invalid public message")
    case ("/conversation", _): return Refusal(400, "Invalid private chat")
    default: return nil
    }
  }

  private static func list(_ ask: Ask, _ place: FilePlace) async throws -> Answer {
    let files: [FileLink] = try await ask.all(weight: \.heldBytes) { after, limit in
      try await ask.run(ListFileLinks(at: place, cursor: after, limit: limit)) { error in
        error == .notFound(.conversation) ? Refusal(403, "Access denied") : nil
      }
    }
    return .ok(["files": shape(files, ask.voice)])
  }

  private static func shape(_ files: [FileLink], _ voice: Voice) -> JSONValue {
    .array(files.map { RealtimeShapes.file($0, voice) })
  }
}
