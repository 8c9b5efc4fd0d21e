import ChatCore
import JSONText

/// One row of what the server says without being asked, as the document describes it.
struct EventRow: Sendable {
  /// Which members stand beside `t` and `d`.
  enum Place: Sendable {
    /// `conv` and `seq`: an entry of a log, told in order and again by a resume.
    case entry
    /// `conv` alone: told once, and may be lost.
    case conversation
    /// None: of the session, or of a user.
    case none
  }

  /// The name, as in `t`.
  let name: String
  /// The sentence that documents it.
  let summary: String
  let place: Place
  /// What `d` is.
  let data: DataShape

  /// Everything that has a `t`.
  static let all = [Hello.row] + entries + signals

  // MARK: Entries

  /// What stands in logs, as `EntryText` writes it.
  static let entries: [EventRow] = messages + conversations + own

  private static let messages = [
    entry("message.created", "Somebody said something.", .rest("Message")),
    entry("message.edited", "The text of a message was changed; the message as it is now.", .rest("Message")),
    entry("message.deleted", "A message was deleted; the message as it is now, without text.", .rest("Message")),
    entry("reaction.added", "Somebody put a reaction on a message.", reaction),
    entry("reaction.removed", "Somebody took his reaction off a message.", reaction),
  ]

  private static let conversations = [
    entry("conversation.created", "The conversation was made; always seq 1.", .rest("Conversation")),
    entry(
      "conversation.updated", "Its title or picture was changed; both as they are now.",
      act(
        "ConversationUpdated",
        [
          .string("title", .required, bytes: 0...256, "Its title."),
          .string("picture_url", .nullable, bytes: 0...1_024, "The address of its picture."),
        ])),
    entry("conversation.deleted", "Its owner closed it for ever.", act("ConversationDeleted", [])),
    entry("member.joined", "Somebody became a member.", member),
    entry("member.changed", "A member's role was changed.", member),
    entry(
      "member.left", "Somebody is no member any more: he has left, or `by` has removed him.",
      act("MemberLeft", person("Who."))),
    entry(
      "unknown",
      "What only a newer version knows, or what cannot be read; it keeps its place, so that no seq is missing.",
      act("Unknown", [.integer("kind", .required, Int64(Int16.min)...Int64(Int16.max), "The number of its kind.")])),
  ]

  /// What the user's self conversation tells him of his own affairs.
  private static let own = [
    entry("conversation.joined", "In the self conversation: the user is now a member of that one.", membership),
    entry("conversation.left", "In the self conversation: the user is no member of that one any more.", membership),
    entry(
      "contact.changed", "In the self conversation: what another is to the user; no contact any more without a state.",
      .rest("Contact", with: Shape("ContactChanged", [by, time("changed_at", "When that was.")]))),
    entry(
      "block.changed", "In the self conversation: the user has blocked another, or no longer does.",
      act("BlockChanged", person("Whom.") + [.bool("blocked", .required, "Whether he is blocked now.")])),
  ]

  // MARK: Signals

  /// What stands in no log.
  static let signals = [
    EventRow(
      name: "typing", summary: "Another member is writing.", place: .conversation,
      data: .own(Shape("UserTyping", [.object("user", .required, author, "Who.")]))),
    EventRow(
      name: "read", summary: "A member has read up to there; the user himself, too, at another of his clients.",
      place: .conversation,
      data: .own(
        Shape(
          "UserRead",
          [
            .integer("user", .required, .ids, "Who."),
            .integer("seq", .required, 0...JSONLimits.integerMax, "Up to where."),
          ]))),
    EventRow(
      name: ServerFrame.availableName, summary: "A conversation that was unavailable at the resume goes on.",
      place: .conversation,
      data: .own(
        Shape(
          "ConversationAvailable",
          [
            .integer("head", .required, 0...JSONLimits.integerMax, "The seq from which it goes on."),
            .bool("behind", .required, "Whether what the client lacks before that is to be paged."),
          ]))),
    EventRow(
      name: "presence", summary: "How a user who is watched by `presence.watch` is now.", place: .none,
      data: .own(
        Shape(
          "PresenceChanged",
          [
            .integer("user", .required, .ids, "Who."),
            .oneOf("status", .required, Presence.Status.allCases.map(\.rawValue), "There or not."),
            .string("last_seen_at", .nullable, bytes: 24...24, "When he was last there, if that is remembered."),
          ]))),
  ]

  // MARK: Parts

  private static let author = Shape(
    "Author",
    [
      .integer("id", .required, .ids, "The user's id."),
      .string("username", .required, bytes: 0...65_536, "His name when he did it."),
    ])

  private static let by = Field.object("by", .required, author, "Who did it.")

  private static let reaction = act(
    "ReactionChanged",
    [
      .integer("message", .required, .ids, "The message's id."),
      .integer("message_seq", .required, 1...JSONLimits.integerMax, "The message's place in the conversation."),
      .string("emoji", .required, bytes: 0...65_536, "The emoji."),
      .integer("count", .required, 0...JSONLimits.integerMax, "By how many it is there now."),
    ])

  private static let member = act(
    "MemberChanged", person("Who.") + [.oneOf("role", .required, Role.allCases.map(\.rawValue), "What he may do.")])

  private static let membership = act(
    "MembershipChanged",
    [
      .integer("conversation", .required, .ids, "Which."),
      .integer("seq", .required, 1...JSONLimits.integerMax, "The entry of its log that says so."),
    ])

  private static func entry(_ name: String, _ summary: String, _ data: DataShape) -> EventRow {
    EventRow(name: name, summary: summary, place: .entry, data: data)
  }

  /// What ends with who did it and when.
  private static func act(_ name: String, _ fields: [Field]) -> DataShape {
    .own(Shape(name, fields + [by, time("created_at", "When that was.")]))
  }

  private static func person(_ summary: String) -> [Field] {
    [
      .integer("user", .required, .ids, summary), .string("username", .required, bytes: 0...65_536, "His name then."),
    ]
  }

  private static func time(_ name: String, _ summary: String) -> Field {
    .string(name, .required, bytes: 24...24, summary + " RFC 3339, UTC, milliseconds.")
  }
}
