import ChatCore
import HTTP1
import JSONText

/// One row of the catalog: what the router matches, what the shapes check, what OpenAPI says, and what is done.
///
/// Route, description, metrics label, rate class, authorisation and error mapping all follow from the row.
public struct Endpoint: Sendable {
  /// Who may call.
  public enum Access: Sendable {
    /// Anyone.
    case open
    /// Who brings a valid access token.
    case signedIn
  }

  /// The method.
  public let method: Method
  /// The path with its parameters in braces: `/v1/conversations/{conversation}`.
  public let path: String
  /// The operation's name: OpenAPI's `operationId`, the metrics' label and the logs' `route`.
  public let name: String
  /// One sentence for the description.
  public let summary: String
  /// Who may call.
  public let access: Access
  /// Which limit counts it.
  public let rate: RateClass
  /// The query's parameters.
  public let query: Shape?
  /// The header fields that it reads besides those that every row has; others are ignored.
  public let headers: Shape?
  /// The body.
  public let body: Shape?
  /// Whether the body may be left out, which is the same as `{}`.
  public let isBodyOptional: Bool
  /// Whether the body is a file, whatever its type.
  public let takesFile: Bool
  /// What success looks like.
  public let answers: [AnswerRow]
  /// The refusals to expect beyond those that every row has.
  public let refusals: [Int]
  /// What is done.
  public let act: @Sendable (Call) async throws(ChatError) -> Answer

  /// One kind of success.
  public struct AnswerRow: Sendable {
    /// The status.
    public let status: Int
    /// The body, none for 204.
    public let shape: Shape?
    /// When it is answered.
    public let summary: String
    /// Whether the body is a file.
    public let isFile: Bool

    /// A row.
    public init(_ status: Int, _ shape: Shape?, _ summary: String, isFile: Bool = false) {
      self.isFile = isFile
      self.status = status
      self.shape = shape
      self.summary = summary
    }
  }

  /// A row.
  public init(
    _ method: Method, _ path: String, _ name: String, _ summary: String, access: Access = .signedIn,
    rate: RateClass = .read, query: Shape? = nil, headers: Shape? = nil, body: Shape? = nil,
    isBodyOptional: Bool = false, takesFile: Bool = false, answers: [AnswerRow], refusals: [Int] = [],
    act: @escaping @Sendable (Call) async throws(ChatError) -> Answer
  ) {
    self.method = method
    self.path = path
    self.name = name
    self.summary = summary
    self.access = access
    self.rate = rate
    self.query = query
    self.headers = headers
    self.body = body
    self.isBodyOptional = isBodyOptional
    self.takesFile = takesFile
    self.answers = answers
    self.refusals = refusals
    self.act = act
  }
}
