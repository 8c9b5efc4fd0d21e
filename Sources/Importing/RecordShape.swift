import ChatCore
import JSONText

/// What a line may hold, as rows. How long names and texts may be is the domain's to say; here they only end.
enum RecordShape {
  static let shape = Shape("Record", by: "type", [user, contact, group, message])

  private static let key = 1...ImportKey.keyBytesMax
  /// Beyond this a text is no mistake of somebody's but another thing.
  private static let text = 1...LineReader.lineBytesMax

  private static let user = Shape.Variant(
    "user", "An account.",
    [
      .string("key", .required, bytes: key, "What other records call him."),
      .string("username", .required, bytes: text, "The name he signs in with."),
      .string("password", .optional, bytes: text, "His password as he types it."),
      .string("password_hash", .optional, bytes: text, "Or its hash: bcrypt, Werkzeug's, ours."),
      .string("display_name", .optional, bytes: text, "What others see; his name by default."),
      .string("email", .optional, bytes: text, "His address."),
      .string("avatar_url", .optional, bytes: text, "Where his picture is."),
      .map(
        "attributes", .optional, names: .string(bytes: key), values: .string(bytes: 0...LineReader.lineBytesMax),
        count: 0...64, "What his clients keep of him: fname, lname, public_key."),
      moment("created_at", .optional, "When he registered; now by default."),
      .oneOf(
        "existing", .optional, ImportUser.Existing.allCases.map(\.rawValue),
        "What is done when somebody has the name already; as --existing says by default."),
    ])

  private static let contact = Shape.Variant(
    "contact", "What one was to another.",
    [
      .string("of", .required, bytes: key, "Whose contact."),
      .string("to", .required, bytes: key, "The other."),
      .oneOf("state", .optional, ["accepted", "requested", "new"], "How far they have come, as the first sees it."),
      .bool("blocked", .optional, "Whether the first lets the other not write."),
      moment("created_at", .optional, "Since when."),
    ])

  private static let group = Shape.Variant(
    "group", "A group.",
    [
      .string("key", .required, bytes: key, "What messages call it."),
      .string("title", .required, bytes: text, "Its title."),
      .string("picture_url", .optional, bytes: text, "Where its picture is."),
      .string("owner", .required, bytes: key, "Who owns it."),
      .array("members", .optional, of: .object(member), count: 0...1_024, "The others."),
      moment("created_at", .required, "When it was made."),
    ])

  private static let member = Shape(
    "PastMember",
    [
      .string("user", .required, bytes: key, "Who."),
      .oneOf("role", .optional, ["owner", "admin", "member"], "What he may do; a member by default."),
    ])

  private static let message = Shape.Variant(
    "message", "A message.",
    [
      .string("key", .required, bytes: key, "Under which it is stored once."),
      .string("from", .required, bytes: key, "Who said it."),
      .string("to", .optional, bytes: key, "To whom, in the direct conversation of the two;"),
      .string("group", .optional, bytes: key, "or in which group;"),
      .bool("lobby", .optional, "or to everybody, in the lobby."),
      .string("text", .required, bytes: text, "What was said."),
      .oneOf("message_type", .optional, MessageType.allCases.map(\.rawValue), "What it carries; text by default."),
      moment("created_at", .required, "When it was said."),
      moment("edited_at", .optional, "When its text was last changed."),
      .string("reply_to", .optional, bytes: key, "The key of an earlier message of the same conversation."),
    ])

  private static func moment(_ name: String, _ need: Field.Need, _ summary: String) -> Field {
    .string(name, need, bytes: 20...40, summary)
  }
}
