import ChatCore
import EntryText
import JSONText

/// All operations of the native socket, as rows.
public enum Operations {
  /// The rows under those limits.
  public static func rows(_ limits: Limits, _ realtime: RealtimeLimits) -> [Operation] {
    [auth(realtime), resume(limits), watch(limits), unwatch(limits), send(limits), open(limits)]
      + messageRows(limits) + contacts
  }

  // MARK: The session's own

  private static func auth(_ realtime: RealtimeLimits) -> Operation {
    Operation(
      "auth", "Says who speaks here; again, with a newer token of the same user, it renews the expiry.",
      shape: Shape(
        "Auth", [.string("token", .required, bytes: 1...realtime.tokenBytesMax, "An access token.")]),
      answer: .own(
        Shape(
          "Authenticated", [.string("session", .required, bytes: 32...32, "The socket session's id, as in hello.")]),
        rest: ["user": "OwnUser"]),
      .auth)
  }

  private static func resume(_ limits: Limits) -> Operation {
    let heads = Field.map(
      "heads", .optional, names: .integer(.ids), values: .integer(0...JSONLimits.integerMax),
      // All of his, and the self conversation.
      count: 0...limits.conversationsPerUserMax + 1,
      "The seq that the client has of each conversation; those left out start at their head.")
    return Operation(
      "resume", "Sends what was missed, then everything from then on; once a session.",
      shape: Shape("Resume", [heads]), answer: .own(resumed(limits)), .resume)
  }

  private static func resumed(_ limits: Limits) -> Shape {
    let head = Field.Kind.integer(0...JSONLimits.integerMax)
    let behind = Shape(
      "Behind",
      [
        .integer("conversation", .required, .ids, "Which."),
        Field("head", .required, head, "The seq from which it goes on; what is before it is to be paged."),
      ])
    let most = limits.conversationsPerUserMax + 1
    return Shape(
      "Resumed",
      [
        .map(
          "heads", .required, names: .integer(.ids), values: head, count: 0...most,
          "The seq from which each conversation of the user's goes on."),
        .array(
          "behind", .required, of: .object(behind), count: 0...most,
          "Those of which too much was missed to send it."),
        .array(
          "unavailable", .required, of: .integer(.ids), count: 0...most,
          "Those that cannot be asked about now; conversation.available follows."),
      ])
  }

  private static func watch(_ limits: Limits) -> Operation {
    Operation(
      "presence.watch",
      "Tells how these users are now and whenever it changes, while the caller may know it; the answer says whose.",
      rate: .write, shape: users("PresenceWatch", limits), answer: .own(users("Watched", limits, least: 0)), .watch)
  }

  private static func unwatch(_ limits: Limits) -> Operation {
    Operation(
      "presence.unwatch", "Ends that.", shape: users("PresenceUnwatch", limits),
      answer: .own(users("Watched", limits, least: 0)), .unwatch)
  }

  private static func users(_ name: String, _ limits: Limits, least: Int = 1) -> Shape {
    let count = least...limits.presenceUsersMax
    return Shape(name, [.array("users", .required, of: .integer(.ids), count: count, "Ids of users.")])
  }

  // MARK: Commands

  private static func send(_ limits: Limits) -> Operation {
    let shape = Shape(
      "MessageSend",
      [
        .integer("conversation", .required, .ids, "Where."),
        .string("text", .required, bytes: 0...limits.textBytesMax, "What is said; nothing only beside files."),
        .string(
          "client_message_id", .optional, bytes: 1...limits.clientMessageIDBytesMax,
          "The sender's own id; a repeated send with it gets the first answer."),
        .oneOf("type", .optional, MessageType.allCases.map(\.rawValue), standard: "text", "What it carries."),
        .integer("reply_to", .optional, .ids, "The message of this conversation that it answers."),
        .array(
          "attachments", .optional, of: .integer(.ids), count: 0...limits.attachmentsMax, "The sender's own files."),
      ])
    return Operation(
      "message.send", "Sends a message; answered once it is stored.", rate: .send, shape: shape,
      answer: .rest("Message"),
      .send { asked throws(ChatError) in
        SendMessage(
          conversation: try asked.id("conversation", .conversation), text: asked.string("text") ?? "",
          type: asked.string("type").flatMap(MessageType.init(rawValue:)) ?? .text,
          clientMessageID: asked.string("client_message_id"),
          replyTo: asked.integer("reply_to").flatMap { EntryID(checking: $0) },
          attachments: (asked.integers("attachments") ?? []).compactMap { FileID(checking: $0) })
      })
  }

  private static func open(_ limits: Limits) -> Operation {
    let title = Field.string("title", .required, bytes: 1...limits.titleBytesMax, "Its title.")
    let members = Field.array(
      "members", .optional, of: .integer(.ids), count: 0...limits.membersPerRequestMax, "Who else is a member.")
    let shape = Shape(
      "ConversationOpen", by: "kind",
      [
        .init(
          "direct", "With one other; the one that exists, if there is one.",
          [.integer("user", .required, .ids, "The other.")]),
        .init("group", "With those named, and those who are added later.", [title, members]),
        .init("public", "Read and joined by anyone signed in.", [title]),
      ])
    return Operation(
      "conversation.open", "Opens a conversation: direct, group or public.", rate: .write, shape: shape,
      answer: .rest("Conversation")
    ) { asked, chat, caller async throws(ChatError) in
      let conversation = try await open(asked, chat, caller)
      return { EntryText.write(conversation, to: &$0) }
    }
  }

  private static func open(
    _ asked: Members, _ chat: Chat, _ caller: Caller
  ) async throws(ChatError) -> Conversation {
    let kind = asked.string("kind").flatMap(ConversationKind.init(rawValue:)) ?? .direct
    guard kind != .direct else {
      let command = OpenDirectConversation(user: try asked.id("user", .user))
      return try await command.run(in: chat, as: caller).conversation
    }
    let members = (asked.integers("members") ?? []).compactMap { UserID(checking: $0) }
    let command = CreateConversation(kind: kind, title: asked.string("title") ?? "", members: members)
    return try await command.run(in: chat, as: caller)
  }
}

extension Members {
  /// A required id; the shape has checked its range.
  func id<ID: BucketedID>(_ name: String, _ noun: ChatError.Noun) throws(ChatError) -> ID {
    guard let id = integer(name).flatMap({ ID(checking: $0) }) else { throw .notFound(noun) }
    return id
  }

  /// What the client has of each conversation, in `resume`.
  var heads: [ConversationID: Int64] {
    var heads: [ConversationID: Int64] = [:]
    for pair in pairs("heads") ?? [] {
      guard let id = Int64(pair.name).flatMap({ ConversationID(checking: $0) }) else { continue }
      heads[id] = pair.value.integer
    }
    return heads
  }
}
