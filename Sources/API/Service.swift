import ChatCore
import EntryText
import HTTP1
import JSONText

/// Answers requests to `/v1`: finds the row, checks who, how often and what, runs the command, words the refusal.
///
/// - Isolation: runs on the executor of its caller; one value a loop.
public struct Service: Sendable {
  private let chat: Chat
  private let router: Router
  private let authenticator: any Authenticator
  private let gate: RateGate
  private let crossOrigin: CrossOriginPolicy
  private let now: @Sendable () -> Milliseconds
  private let record: @Sendable (AccessRecord) -> Void

  /// Takes the rows and what they need.
  public init(
    chat: Chat, endpoints: [Endpoint], authenticator: any Authenticator, gate: RateGate, crossOrigin: CrossOriginPolicy,
    now: @escaping @Sendable () -> Milliseconds, record: @escaping @Sendable (AccessRecord) -> Void
  ) {
    self.chat = chat
    self.router = Router(endpoints)
    self.authenticator = authenticator
    self.gate = gate
    self.crossOrigin = crossOrigin
    self.now = now
    self.record = record
  }

  /// The answer to a request; never fails.
  public func respond(to request: Request) async -> Response {
    let exchange = Exchange(request, begunAt: now())
    var response: Response
    switch route(request) {
    case .preflight(let methods):
      response = preflight(request, methods)
    case .refused(let problem, let headers):
      response = exchange.response(problem, headers)
    case .row(let endpoint, let parameters):
      response = await run(endpoint, parameters, request, exchange)
    }
    if !CrossOriginPolicy.isPreflight(request.head) {
      crossOrigin.apply(to: &response, origin: request.headers["origin"])
    }
    response.headers.append("X-Request-ID", exchange.requestID)
    response.headers.append("X-Content-Type-Options", "nosniff")
    record(exchange.record(of: response, at: now()))
    return response
  }

  // MARK: Finding the row

  private enum Route {
    case preflight([Method])
    case refused(Problem, HeaderFields)
    case row(Endpoint, [String: String])
  }

  private func route(_ request: Request) -> Route {
    guard let segments = request.head.pathSegments else {
      return .refused(Problem(400, "invalid_path", "The path is not percent-encoded UTF-8 as RFC 3986 asks."), [:])
    }
    switch router.match(request.method, segments) {
    case .endpoint(let endpoint, let parameters):
      return .row(endpoint, parameters)
    case .otherMethods(let methods):
      if request.method == .options { return .preflight(methods) }
      let allowed = (methods.map(\.rawValue) + ["OPTIONS"]).joined(separator: ", ")
      let problem = Problem(405, "method_not_allowed", "This path takes \(allowed).")
      return .refused(problem, ["Allow": allowed])
    case .unknown:
      return .refused(Problem(404, "path_not_found", "There is nothing at this path; see /openapi.json."), [:])
    }
  }

  private func preflight(_ request: Request, _ methods: [Method]) -> Response {
    let isPreflight = CrossOriginPolicy.isPreflight(request.head)
    var response = isPreflight ? crossOrigin.preflightAnswer(to: request.head) : Response(.noContent)
    response.headers.append("Allow", (methods.map(\.rawValue) + ["OPTIONS"]).joined(separator: ", "))
    return response
  }

  // MARK: Running it

  private func run(
    _ endpoint: Endpoint, _ parameters: [String: String], _ request: Request, _ exchange: Exchange
  ) async -> Response {
    exchange.route = endpoint.name
    do throws(Refused) {
      let caller = try await authenticate(endpoint, request)
      exchange.user = caller?.user
      let pass = try await count(endpoint, caller, request)
      exchange.rateHeaders = pass
      let call = Call(
        chat: chat, caller: caller, path: parameters, query: try query(endpoint, request),
        body: try body(endpoint, request), headers: request.headers)
      do throws(ChatError) {
        return exchange.finish(try await endpoint.act(call).response)
      } catch {
        throw Refused(error)
      }
    } catch {
      exchange.fault = error.fault
      return exchange.response(error.problem, error.headers)
    }
  }

  private func authenticate(_ endpoint: Endpoint, _ request: Request) async throws(Refused) -> Caller? {
    guard endpoint.access == .signedIn else { return nil }
    do throws(ChatError) {
      let token = try BearerToken.of(request.headers)
      return try await authenticator.caller(ofToken: token)
    } catch {
      throw Refused(error)
    }
  }

  private func count(_ endpoint: Endpoint, _ caller: Caller?, _ request: Request) async throws(Refused) -> HeaderFields
  {
    let pass = await gate.pass(endpoint.rate, caller: caller, address: request.peer)
    guard let retryAfter = pass.retryAfter else { return pass.headers }
    throw Refused(Problem(.rateLimited(retryAfter: retryAfter)), pass.headers)
  }

  private func query(_ endpoint: Endpoint, _ request: Request) throws(Refused) -> Members {
    do {
      let query = try Query(request.head.query)
      return try (endpoint.query ?? Service.nothing).read(query: query.parameters)
    } catch let errors as ShapeErrors {
      throw Refused(Problem(errors))
    } catch {
      throw Refused(
        Problem(400, "invalid_query", "The query is not percent-encoded UTF-8, or has too many parameters."))
    }
  }

  private func body(_ endpoint: Endpoint, _ request: Request) throws(Refused) -> Members {
    let shape = endpoint.body ?? Service.nothing
    do {
      if endpoint.body == nil || (endpoint.isBodyOptional && request.body.isEmpty) { return try shape.read([:]) }
      try JSONBody.check(request.headers)
      return try shape.read(JSONValue(parsing: request.body))
    } catch let refused as Refused {
      throw refused
    } catch let errors as ShapeErrors {
      throw Refused(Problem(errors))
    } catch let error as JSONError {
      throw Refused(Problem(error))
    } catch {
      throw Refused(.internalError("reading a body: \(type(of: error))"))
    }
  }

  private static let nothing = Shape("Nothing", [])
}
