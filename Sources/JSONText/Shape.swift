/// The description of a JSON object as rows: it checks a body and makes its schema, so that the two cannot differ.
///
/// - Shape:
///   `Shape("NewMessage", [.string("text", .required, bytes: 1...16384, "What is said."), …])`, or, when a member
///   decides, `Shape("NewConversation", by: "kind", [.init("direct", "Two people.", [.integer("user", …)]), …])`.
/// - Errors: every fault is told at once, each with its pointer, see ``ShapeErrors``.
public struct Shape: Sendable {
  /// One of the objects that a deciding member chooses among.
  public struct Variant: Sendable {
    /// The value of the deciding member.
    public let word: String
    /// The sentence that documents it.
    public let summary: String
    /// Its other members.
    public let fields: [Field]

    /// A variant.
    public init(_ word: String, _ summary: String, _ fields: [Field]) {
      self.word = word
      self.summary = summary
      self.fields = fields
    }
  }

  enum Body: Sendable {
    case fields([Field])
    case variants(by: String, [Variant])
  }

  /// The name under which the schema is published.
  public let name: String
  let body: Body

  /// An object with these members.
  public init(_ name: String, _ fields: [Field]) {
    self.name = name
    self.body = .fields(fields)
  }

  /// An object whose members depend on one of them.
  public init(_ name: String, by member: String, _ variants: [Variant]) {
    self.name = name
    self.body = .variants(by: member, variants)
  }

  /// The rows; those of all variants, the deciding one first, if a member decides.
  public var fields: [Field] {
    switch body {
    case .fields(let fields): fields
    case .variants(let member, let variants):
      [Self.decider(member, variants)] + variants.flatMap(\.fields)
    }
  }

  static func decider(_ member: String, _ variants: [Variant]) -> Field {
    .oneOf(member, .required, variants.map(\.word), "Decides which other members there are.")
  }
}
