import ChatCore
import JSONText

/// The parts of a message that have a text form of their own.
extension EntryText {
  /// What a message carries, by its name; what only a newer version knows has a text that can be shown as such.
  public static func messageType(_ name: String) -> MessageType { MessageType(rawValue: name) ?? .text }

  /// The reactions on a message as the store keeps them beside it: `[["👍",3]]`; nothing when there are none.
  public static func text(of reactions: [ReactionCount]) -> String? {
    guard !reactions.isEmpty else { return nil }
    var writer = JSONWriter()
    write(reactions, to: &writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  /// The reactions of that text; what is not of that form is left out.
  public static func reactions(of text: String) -> [ReactionCount] {
    (try? JSONValue(parsing: Array(text.utf8))).map(reactions) ?? []
  }

  static func reactions(_ value: JSONValue) -> [ReactionCount] {
    (value.array ?? []).compactMap { pair in
      guard let emoji = pair[0]?.string, let count = pair[1]?.integer, count > 0 else { return nil }
      return ReactionCount(emoji: emoji, count: count)
    }
  }

  static func write(_ reactions: [ReactionCount], to writer: inout JSONWriter) {
    writer.array { writer in
      for reaction in reactions {
        writer.array { writer in
          writer.string(reaction.emoji)
          writer.int(reaction.count)
        }
      }
    }
  }
}
