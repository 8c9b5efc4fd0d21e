import ChatCore
import EntryText
import JSONText

/// The rows about messages after they were sent.
extension Operations {
  static func messageRows(_ limits: Limits) -> [Operation] {
    [edit(limits), delete, react(limits), unreact(limits), read, typing]
  }

  private static let message = Field.integer("message", .required, .ids, "Which.")
  private static let conversation = Field.integer("conversation", .required, .ids, "Where.")

  private static func edit(_ limits: Limits) -> Operation {
    let text = Field.string("text", .required, bytes: 1...limits.textBytesMax, "The new text.")
    return Operation(
      "message.edit", "Changes the text of one's own message; answers the message.", rate: .write,
      shape: Shape("MessageEdit", [message, text]), answer: .rest("Message")
    ) { asked, chat, caller async throws(ChatError) in
      let command = EditMessage(message: try asked.id("message", .message), text: asked.string("text") ?? "")
      return reply(try await command.run(in: chat, as: caller))
    }
  }

  private static let delete = Operation(
    "message.delete", "Takes a message's text away for all; answers the message.", rate: .write,
    shape: Shape("MessageDelete", [message]), answer: .rest("Message")
  ) { asked, chat, caller async throws(ChatError) in
    reply(try await DeleteMessage(message: asked.id("message", .message)).run(in: chat, as: caller))
  }

  private static func reaction(_ limits: Limits) -> Shape {
    Shape("Reaction", [message, .string("emoji", .required, bytes: 1...limits.emojiBytesMax, "One emoji.")])
  }

  private static func react(_ limits: Limits) -> Operation {
    Operation(
      "reaction.add", "Puts one's reaction on a message; answers the message.", rate: .write, shape: reaction(limits),
      answer: .rest("Message")
    ) { asked, chat, caller async throws(ChatError) in
      let command = AddReaction(message: try asked.id("message", .message), emoji: asked.string("emoji") ?? "")
      return reply(try await command.run(in: chat, as: caller))
    }
  }

  private static func unreact(_ limits: Limits) -> Operation {
    Operation(
      "reaction.remove", "Takes one's reaction off a message; answers the message.", rate: .write,
      shape: reaction(limits), answer: .rest("Message")
    ) { asked, chat, caller async throws(ChatError) in
      let command = RemoveReaction(message: try asked.id("message", .message), emoji: asked.string("emoji") ?? "")
      return reply(try await command.run(in: chat, as: caller))
    }
  }

  private static let read = Operation(
    "read", "Moves one's read marker forward; answers where it is.", rate: .write,
    shape: Shape(
      "Read", [conversation, .integer("seq", .required, 0...JSONLimits.integerMax, "Up to where.")]),
    answer: .rest("ReadMarker")
  ) { asked, chat, caller async throws(ChatError) in
    let conversation: ConversationID = try asked.id("conversation", .conversation)
    let command = MarkRead(conversation: conversation, seq: asked.integer("seq") ?? 0)
    let seq = try await command.run(in: chat, as: caller)
    return { writer in
      writer.object { writer in
        writer.member("conversation", conversation.rawValue)
        writer.member("seq", seq)
      }
    }
  }

  private static let typing = Operation(
    "typing", "Tells the other members that one is writing, at most once a second.", rate: .write,
    shape: Shape("Typing", [conversation]), answer: .own(Shape("Nothing", []))
  ) { asked, chat, caller async throws(ChatError) in
    try await Typing(conversation: asked.id("conversation", .conversation)).run(in: chat, as: caller)
    return { $0.object { _ in } }
  }

  private static func reply(_ message: Message) -> Operation.Reply { { EntryText.write(message, to: &$0) } }
}
