import ChatCore
import JSONText

/// What the answers look like, as rows: OpenAPI's schemas come from them, and the tests hold every answer against them.
///
/// Answers may gain members; a client ignores those that it does not know.
enum Schemas {
  static let author = Shape(
    "Author", [.integer("id", .required, .ids, "The user's id."), text("username", "His name when he did it.")])

  static let user = Shape("User", userRows)

  static let ownUser = Shape(
    "OwnUser",
    userRows + [
      .string("email", .nullable, bytes: 0...254, "His address, seen by himself only."),
      .integer("self_conversation", .required, .ids, "The conversation whose log tells his own affairs."),
      .map(
        "attributes", .required, names: .string(bytes: 1...32), values: .string(bytes: 0...512), count: 0...16,
        "What his clients keep of him; their names mean what they agree on."),
    ])

  static let users = Shape("Users", [list("users", user, "Ascending by name."), cursor])

  static let presence = Shape(
    "PresenceList",
    [
      list(
        "presence",
        Shape(
          "Presence",
          [
            .integer("user", .required, .ids, "Who."),
            .oneOf("status", .required, Presence.Status.allCases.map(\.rawValue), "There or not."),
            .string("last_seen_at", .nullable, bytes: 24...24, "When he was last there, if that is remembered."),
          ]), "Ascending by user."),
      .array(
        "unknown", .required, of: .integer(.ids), count: 0...10_000,
        "Those that may be told, but of whom it cannot be found out now, ascending; of none at all it is 503."),
    ])

  static let session = Shape(
    "Session",
    [
      .integer("id", .required, .ids, "The session's id, `sid` in tokens."),
      .string("device", .nullable, bytes: 0...128, "What the client called itself."),
      time("created_at", "When he signed in."), time("last_seen_at", "When its tokens were last refreshed."),
      .bool("current", .required, "Whether it is the one that asks."),
    ])

  static let sessions = Shape("Sessions", [list("sessions", session, "Newest first."), cursor])

  static let tokens = Shape(
    "Tokens",
    [
      text("access_token", "The JWT for the Authorization header."), text("token_type", "Always Bearer."),
      .integer("expires_in", .required, 0...JSONLimits.integerMax, "Seconds that the access token lives."),
      text("refresh_token", "For one refresh; a lost answer may be asked for again within 30 s."),
      .object("user", .required, ownUser, "Who has signed in."),
    ])

  static let member = Shape(
    "Member",
    [
      .integer("user", .required, .ids, "The user's id."), text("username", "His name."),
      .oneOf("role", .required, Role.allCases.map(\.rawValue), "What he may do."),
      .integer("read_seq", .required, 0...JSONLimits.integerMax, "Up to where he has read."),
    ])

  static let members = Shape("Members", [list("members", member, "Ascending by user id."), cursor])

  static let conversation = Shape(
    "Conversation",
    [
      .integer("id", .required, .ids, "Its id."),
      .oneOf("kind", .required, ConversationKind.allCases.map(\.rawValue), "What it is."),
      .string("title", .nullable, bytes: 0...256, "Its title; none in direct conversations."),
      .string("picture_url", .nullable, bytes: 0...1_024, "The address of its picture."),
      .integer("head", .required, 0...JSONLimits.integerMax, "The seq of its last entry."),
      time("created_at", "When it was made."),
      .integer("member_count", .required, 0...JSONLimits.integerMax, "How many members there are."),
      .integer("read_seq", .required, 0...JSONLimits.integerMax, "Up to where the caller has read."),
      list("members", member, "The first of its members, ascending by user id."),
    ])

  static let conversations = Shape("Conversations", [list("conversations", conversation, "Ascending by id."), cursor])

  static let file = Shape(
    "File",
    [
      .integer("id", .required, .ids, "Its id."), text("name", "Its name."),
      text("type", "Its media type, found in its bytes."),
      .integer("size", .required, 1...JSONLimits.integerMax, "How many bytes."), text("url", "Where it is read."),
    ])

  static let files = Shape("Files", [list("files", file, "Newest first."), cursor])

  static let message = Shape(
    "Message",
    [
      .integer("id", .required, .ids, "Its id."), .integer("conversation", .required, .ids, "Where it was said."),
      .integer("seq", .required, 1...JSONLimits.integerMax, "Its place in the conversation: 1, 2, 3 … without holes."),
      .object("sender", .required, author, "Who said it."),
      .oneOf("type", .required, MessageType.allCases.map(\.rawValue), "What it carries."),
      .string("text", .required, bytes: 0...65_536, "What was said; empty once deleted."),
      .string("client_message_id", .nullable, bytes: 0...128, "The sender's own id for it."),
      .integer("reply_to", .nullable, .ids, "The message that it answers."),
      list("attachments", file, "The files that it carries."), time("created_at", "When it was stored."),
      .string("edited_at", .nullable, bytes: 24...24, "When its text was last changed."),
      .string("deleted_at", .nullable, bytes: 24...24, "When it was deleted."),
      list("reactions", reaction, "What was put on it, in the order in which it came."),
    ])

  static let reaction = Shape(
    "Reaction",
    [
      text("emoji", "The emoji."),
      .integer("count", .required, 1...JSONLimits.integerMax, "By how many."),
    ])

  static let readMarker = Shape(
    "ReadMarker",
    [
      .integer("conversation", .required, .ids, "Where."),
      .integer("seq", .required, 0...JSONLimits.integerMax, "Up to where the caller has read."),
    ])

  static let messages = Shape(
    "Messages",
    [
      list("messages", message, "Ascending by seq."),
      .integer("head", .required, 0...JSONLimits.integerMax, "The seq of the conversation's last entry."),
      .bool("has_more", .required, "Whether there are more in the direction asked for."),
    ])

  static let entries = Shape(
    "Entries",
    [
      .array(
        "entries", .required,
        of: .object(
          Shape(
            "Entry",
            [
              text("t", "What happened: message.created …"), .integer("conv", .required, .ids, "The conversation."),
              .integer("seq", .required, 1...JSONLimits.integerMax, "Its place."),
              .any("d", .required, "The object as REST shows it."),
            ])), count: 0...100, "Ascending by seq, without holes."),
      .integer("head", .required, 0...JSONLimits.integerMax, "The seq of the conversation's last entry."),
      .bool("has_more", .required, "Whether entries follow the last one."),
    ])

  static let contact = Shape(
    "Contact",
    [
      .integer("user", .required, .ids, "The other's id."), text("username", "His name."),
      .oneOf("state", .nullable, ContactState.allCases.map(\.rawValue), "How far they have come; null for none."),
      .oneOf("status", .nullable, ContactLabel.allCases.map(\.rawValue), "The same in the dialects' words."),
      .bool("blocked", .required, "Whether the caller has blocked him."),
      .string("timeout_until", .nullable, bytes: 24...24, "Until when he may not write to the caller."),
      .integer("streak", .nullable, 0...JSONLimits.integerMax, "Days on which both wrote; null when there were none."),
      .bool("initiator", .required, "Whether the caller was the first to add or ask."),
      .string("created_at", .nullable, bytes: 24...24, "Since when he is a contact."),
    ])

  static let contacts = Shape("Contacts", [list("contacts", contact, "Ascending by user id."), cursor])

  static let block = Shape(
    "Block",
    [
      .integer("user", .required, .ids, "The other's id."), text("username", "His name."),
      .bool("blocked", .required, "Always true."),
    ])

  static let blocks = Shape("Blocks", [list("blocks", block, "Ascending by user id."), cursor])

  static let problem = Shape(
    "Problem",
    [
      text("type", "urn:martlet:problem: and the code."), text("title", "The class of problem."),
      .integer("status", .required, 100...599, "The HTTP status."), text("detail", "Why, for people."),
      text("code", "Why, for programs; stable for ever."),
      .string("request_id", .optional, bytes: 1...64, "The id that the log has too."),
      .array(
        "errors", .optional,
        of: .object(
          Shape(
            "Fault",
            [
              .string(
                "pointer", .required, bytes: 0...1024, "JSON pointer (RFC 6901) to the member, or /name of a parameter."
              ),
              text("code", "What is wrong, for programs."), text("detail", "The same as a sentence."),
            ])), count: 0...100, "Each wrong member."),
      .integer("retry_after_ms", .optional, 0...JSONLimits.integerMax, "When to come back."),
    ])

  // MARK: Rows that stand in several

  private static let userRows: [Field] = [
    .integer("id", .required, .ids, "His id."), text("username", "The name he signs in with."),
    .string("display_name", .required, bytes: 0...256, "What others see."), time("created_at", "When he registered."),
    .string("avatar_url", .nullable, bytes: 1...255, "Where his picture is."),
  ]

  private static let cursor = Field.string(
    "next_cursor", .nullable, bytes: 1...Cursor.bytesMax, "For the next page; null on the last one.")

  static func text(_ name: String, _ summary: String) -> Field {
    .string(name, .required, bytes: 0...65_536, summary)
  }

  private static func time(_ name: String, _ summary: String) -> Field {
    .string(name, .required, bytes: 24...24, summary + " RFC 3339, UTC, milliseconds.")
  }

  private static func list(_ name: String, _ shape: Shape, _ summary: String) -> Field {
    .array(name, .required, of: .object(shape), count: 0...10_000, summary)
  }
}
