import ChatCore
import HTTP1
import JSONText

/// Answers a dialect's requests: finds the row, checks who and how often, runs it, words the refusal.
///
/// - Isolation: runs on the executor of its caller; one value a loop and mount.
public struct DialectService: Sendable {
  private let mount: Mount
  private let table: PathTable

  /// The requests of a mount.
  public init(_ mount: Mount) {
    self.mount = mount
    table = PathTable(mount.dialect.routes)
  }

  /// The answer to a request whose path has lost the prefix; never fails.
  public func respond(to request: Request) async -> Response {
    let begun = mount.now()
    let origin = request.headers["origin"]
    if CrossOriginPolicy.isPreflight(request.head) { return preflight(request.head) }
    let exchange = DialectExchange(TraceParent(request.headers["traceparent"]), mount.tracer)
    var response: Response
    do {
      let answer = try await answer(request, exchange)
      response = answer.body.pieces.map { mount.serve($0, request.head) } ?? answer.response
      response.hold = exchange.cost.room(for: response.body.count)
    } catch {
      response = refusal(mount.worded(error, exchange.word), exchange)
    }
    mount.crossOrigin.apply(to: &response, origin: origin)
    if !response.headers.contains("X-Content-Type-Options") {
      response.headers.append("X-Content-Type-Options", "nosniff")
    }
    if !response.headers.contains("Cache-Control") { response.headers.append("Cache-Control", "no-store") }
    exchange.endSpan(request.method, response.status.code, mount)
    mount.record(exchange.record(request.method, response.status.code, mount, since: begun))
    return response
  }

  /// The token with which a file is sent to a row that takes one; nil when there is no such row.
  ///
  /// - Throws: what is said to who has none.
  public func uploader(_ head: RequestHead) throws -> String? {
    guard let segments = head.pathSegments, case .route(let route, _) = table.match(head.method, segments),
      route.takesFile
    else { return nil }
    let brought = Credential.token(
      in: mount.dialect.credential.requests, headers: head.headers, parameters: Parameters())
    guard case .success(let token) = brought else { throw mount.credential(.missing, route.word) }
    return token
  }

  private func preflight(_ head: RequestHead) -> Response {
    var response = mount.crossOrigin.preflightAnswer(to: head)
    if response.headers.contains("Access-Control-Allow-Origin") {
      if let asked = head.headers["access-control-request-headers"] {
        response.headers.set("Access-Control-Allow-Headers", asked)
      }
    }
    response.headers.append("Cache-Control", "no-store")
    return response
  }

  private func answer(_ request: Request, _ exchange: DialectExchange) async throws -> Answer {
    let (route, path) = try find(request, exchange)
    exchange.label = route.label
    exchange.word = route.word
    let brought = try Parameters(of: request)
    let places = Credential.believed(mount.dialect.credential.requests, request.headers, mount.crossOrigin)
    let token = Credential.token(in: places, headers: request.headers, parameters: brought)
    let caller = try await mount.caller(token, route.access, route.word)
    exchange.user = caller?.user
    if let after = await mount.gate.retryAfter(route.rate, caller, address: request.peer) {
      throw ChatError.rateLimited(retryAfter: after)
    }
    return try await route.act(
      Ask(
        mount, route.word, brought, path: path, peer: request.peer, known: caller, request: request,
        in: exchange.scope, cost: exchange.cost))
  }

  private func find(_ request: Request, _ exchange: DialectExchange) throws -> (Route, [String]) {
    guard var segments = request.head.pathSegments else { throw Refusal(400, "Bad request") }
    // `/users/` is `/users`, and `/` has no segments at all.
    if segments.last == "" { segments.removeLast() }
    switch table.match(request.method, segments) {
    case .route(let route, let path): return (route, path)
    case .unknown: throw Refusal(404, "Not found")
    case .otherMethods(let methods):
      exchange.allowed = methods
      if request.method == .options { throw Refusal(204, "") }
      throw Refusal(405, "Method not allowed")
    }
  }

  private func refusal(_ refusal: Refusal, _ exchange: DialectExchange) -> Response {
    exchange.fault = refusal.fault
    let body: Answer.Body =
      refusal.status == 204 ? .empty : .json(refusal.body ?? mount.dialect.refuse.envelope(refusal))
    var response = Answer(refusal.status, body).response
    if let after = refusal.retryAfter {
      response.headers.append("Retry-After", String(max(1, after / 1_000 + (after % 1_000 > 0 ? 1 : 0))))
    }
    if !exchange.allowed.isEmpty {
      response.headers.append("Allow", (exchange.allowed.map(\.rawValue) + ["OPTIONS"]).joined(separator: ", "))
    }
    return response
  }
}

/// What the log will say of a request; confined to the task that answers it.
final class DialectExchange {
  var label = "unknown"
  var word = ""
  var user: UserID?
  var fault: String?
  var allowed: [Method] = []
  let cost = AnswerCost()
  /// Its span and those of its parts, if it is traced.
  let scope: TraceScope?
  private let traceID: String?

  init(_ parent: TraceParent?, _ tracer: (any Tracer)?) {
    scope = tracer?.begin(parent)
    traceID = scope?.trace ?? parent?.trace
  }

  /// Those that metrics and logs name; a client may make up any number of others.
  private static let methods: Set<Method> = [.get, .head, .post, .put, .patch, .delete, .options]

  private static func name(_ method: Method) -> String { methods.contains(method) ? method.rawValue : "OTHER" }

  func endSpan(_ method: Method, _ status: Int, _ mount: Mount) {
    scope?.end(
      "\(mount.dialect.name) \(label)",
      [
        ("http.request.method", .text(DialectExchange.name(method))),
        ("http.response.status_code", .number(Int64(status))),
      ], hasFailed: status >= 500)
  }

  func record(_ method: Method, _ status: Int, _ mount: Mount, since begun: Milliseconds) -> DialectRecord {
    DialectRecord(
      route: "\(mount.dialect.name) \(label)", method: DialectExchange.name(method), traceID: traceID, status: status,
      user: user?.rawValue, milliseconds: mount.now() - begun, fault: fault)
  }
}

extension Answer.Body {
  var pieces: FilePieces? { if case .file(let pieces) = self { pieces } else { nil } }
}

extension Answer {
  var response: Response {
    var fields = headers
    let bytes: [UInt8]
    switch body {
    case .empty: bytes = []
    case .json(let value):
      fields.append("Content-Type", "application/json")
      bytes = value.bytes
    case .text(let text):
      fields.append("Content-Type", "text/plain; charset=utf-8")
      bytes = Array(text.utf8)
    case .bytes(let held, let type):
      fields.append("Content-Type", type)
      bytes = held
    case .file: bytes = []
    }
    return Response(Status(status), headers: fields, body: bytes)
  }
}
