import ChatCore
import Delivery
import HTTP1
import Tokens

/// One dialect where it is mounted, on one loop: its value, and the ports that its rows reach through ``Ask``.
public final class Mount: @unchecked Sendable {
  /// The rows.
  public let dialect: Dialect
  /// How it writes ids and times.
  public let voice: Voice
  let chat: Chat
  let credentials: any CredentialCheck
  let gate: any DialectGate
  let crossOrigin: CrossOriginPolicy
  /// Whether all clients come by TLS, to this very node.
  let isSecure: Bool
  let now: @Sendable () -> Milliseconds
  let room: AnswerRoom
  /// The answers that wait for room; touched on the loop only.
  var waiting = WaitingAnswers()
  let serve: @Sendable (FilePieces, RequestHead) -> Response
  let record: @Sendable (DialectRecord) -> Void
  let tracer: (any Tracer)?

  /// Takes what the rows need.
  ///
  /// - Parameters:
  ///   - chat: with credentials whose tokens live as long as the dialect says.
  ///   - chosen: the options' values.
  ///   - isSecure: whether all clients come by TLS, to this very node.
  ///   - tracer: nil traces nothing.
  ///   - room: for long answers.
  ///   - serve: how a file is answered, as at all doors.
  public init(
    _ dialect: Dialect, chat: Chat, cipher: IDCipher, chosen: [String: String] = [:],
    credentials: any CredentialCheck, gate: any DialectGate, crossOrigin: CrossOriginPolicy,
    isSecure: Bool = false, tracer: (any Tracer)? = nil, now: @escaping @Sendable () -> Milliseconds,
    room: AnswerRoom = .endless,
    serve: @escaping @Sendable (FilePieces, RequestHead) -> Response,
    record: @escaping @Sendable (DialectRecord) -> Void = { _ in }
  ) {
    self.dialect = dialect
    voice = Voice(dialect, cipher: cipher, chosen: chosen)
    var chat = chat
    chat.limits.passwordBytesMin = Int(voice.option(Option.passwordMinimum.name)) ?? chat.limits.passwordBytesMin
    self.chat = chat
    self.credentials = credentials
    self.gate = gate
    self.crossOrigin = crossOrigin
    self.isSecure = isSecure
    self.tracer = tracer
    self.now = now
    self.room = room
    self.serve = serve
    self.record = record
  }

  /// Whether who asks may have a socket, as far as pages are concerned.
  public func allowsSocket(_ head: RequestHead) -> Bool { crossOrigin.allowsSocket(head) }

  /// What the server itself refuses before a row is found, in the dialect's frame; the connection closes.
  public func response(
    refusing status: Int, _ reason: String, retryAfter seconds: Int? = nil, origin: String?
  ) -> Response {
    var response = Answer(status, .json(dialect.refuse.envelope(Refusal(status, reason)))).response
    if let seconds { response.headers.append("Retry-After", String(seconds)) }
    response.closesConnection = true
    crossOrigin.apply(to: &response, origin: origin)
    return response
  }

  /// Turns whatever a row has thrown into the dialect's words.
  func worded(_ error: any Error, _ word: String) -> Refusal {
    if let refusal = error as? Refusal { return refusal }
    if let malformed = error as? Parameters.Malformed { return Refusal(malformed.status, malformed.text) }
    guard let error = error as? ChatError else { return Refusals.standard(.internalError("\(error)")) }
    if case .unauthenticated(.sessionEnded) = error { return credential(.ended, word) }
    if case .unauthenticated(.invalidToken) = error { return credential(.invalid, word) }
    if case .internalError = error { return Refusals.standard(error) }
    return dialect.refuse.words(error, word) ?? Refusals.standard(error)
  }

  /// What is said to whose token is not good, before what he sends is read.
  public var turnedAway: String { credential(.invalid, "").text }

  func credential(_ fault: CredentialFault, _ word: String) -> Refusal {
    dialect.refuse.credential(fault, word) ?? Refusals.jwt(fault)
  }

  /// The caller of a row, as far as it asks who that is.
  func caller(
    _ brought: Result<String, CredentialFault.Carried>?, _ access: Access, _ word: String
  ) async throws -> Caller? {
    switch access {
    case .open: return nil
    case .signedIn: return try await caller(brought, word)
    case .recognised: do { return try await caller(brought, word) } catch is Refusal { return nil }
    }
  }

  /// The caller of what a request or a handshake has brought.
  func caller(
    _ brought: Result<String, CredentialFault.Carried>?, _ word: String
  ) async throws -> Caller {
    guard let brought else { throw credential(.missing, word) }
    switch brought {
    case .failure(let carried): throw credential(carried.fault, word)
    case .success(let token):
      do throws(ChatError) {
        return try await credentials.caller(ofToken: token)
      } catch .unauthenticated(let reason) {
        let isToken = token.split(separator: ".", omittingEmptySubsequences: false).count == 3
        throw credential(reason == .sessionEnded ? .ended : isToken ? .invalid : .malformed, word)
      }
    }
  }
}
