/// A piece of work that has ended, as a trace shows it; never a text, a token or a query.
public struct TraceSpan: Sendable {
  /// What kind of work, as OpenTelemetry sorts it.
  public enum Kind: Sendable {
    /// Answering who has asked.
    case server
    /// Asking another server and waiting for it.
    case client
    /// Handing something over for others, without waiting.
    case producer
  }

  /// What is known of it.
  public enum Fact: Sendable, Hashable {
    /// A short text of ours: a row's name, a method, a problem's code.
    case text(String)
    /// A number.
    case number(Int64)
  }

  /// The trace: 32 hexadecimal digits.
  public let trace: String
  /// Its own id: 16 hexadecimal digits.
  public let id: String
  /// The span that it is a part of; nil when the trace begins with it.
  public let parent: String?
  /// The row's name, or what was done for it.
  public let name: String
  /// What kind of work.
  public let kind: Kind
  /// When it began, in nanoseconds since 1970.
  public let begun: UInt64
  /// When it ended, in nanoseconds since 1970.
  public let ended: UInt64
  /// What else is known.
  public let facts: [(name: String, value: Fact)]
  /// Whether it went wrong by the server's doing; a refusal is no failure.
  public let hasFailed: Bool

  /// Collects it.
  public init(
    trace: String, id: String, parent: String?, name: String, kind: Kind, begun: UInt64, ended: UInt64,
    facts: [(name: String, value: Fact)], hasFailed: Bool
  ) {
    self.trace = trace
    self.id = id
    self.parent = parent
    self.name = name
    self.kind = kind
    self.begun = begun
    self.ended = ended
    self.facts = facts
    self.hasFailed = hasFailed
  }
}
