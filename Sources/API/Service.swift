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
  private let tracer: (any Tracer)?
  private let now: @Sendable () -> Milliseconds
  private let random: @Sendable () -> UInt64
  private let record: @Sendable (AccessRecord) -> Void

  /// Takes the rows and what they need; without a tracer no request is traced.
  ///
  /// - Parameter random: gives numbers for the ids of requests that bring none, two for each.
  public init(
    chat: Chat, endpoints: [Endpoint], authenticator: any Authenticator, gate: RateGate, crossOrigin: CrossOriginPolicy,
    tracer: (any Tracer)? = nil, now: @escaping @Sendable () -> Milliseconds,
    random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) },
    record: @escaping @Sendable (AccessRecord) -> Void
  ) {
    self.chat = chat
    self.router = Router(endpoints)
    self.authenticator = authenticator
    self.gate = gate
    self.crossOrigin = crossOrigin
    self.tracer = tracer
    self.now = now
    self.random = random
    self.record = record
  }

  /// The answer to a request; never fails.
  public func respond(to request: Request) async -> Response {
    let exchange = Exchange(request, begunAt: now(), tracer, random: random)
    var response: Response
    switch route(request) {
    case .options(let methods):
      response = options(request, methods)
    case .refused(let refusal, let headers):
      response = exchange.response(refusal.problem(), headers)
    case .row(let endpoint, let parameters):
      response = await run(endpoint, parameters, request, exchange)
    }
    if !CrossOriginPolicy.isPreflight(request.head) {
      crossOrigin.apply(to: &response, origin: request.headers["origin"])
    }
    response.headers.append("X-Request-ID", exchange.requestID)
    response.headers.append("X-Content-Type-Options", "nosniff")
    exchange.endSpan(response)
    record(exchange.record(of: response, at: now()))
    return response
  }

  // MARK: Finding the row

  private enum Route {
    case options([Method])
    case refused(RequestRefusal, HeaderFields)
    case row(Endpoint, PathParameters)
  }

  private func route(_ request: Request) -> Route {
    // `OPTIONS *` asks what the server can do at all (RFC 9110 section 9.3.7).
    if request.method == .options, request.path == "*" { return .options(crossOrigin.methods) }
    guard let segments = request.head.pathSegments else { return .refused(.invalidPath, [:]) }
    switch router.match(request.method, segments) {
    case .endpoint(let endpoint, let parameters):
      return .row(endpoint, parameters)
    case .otherMethods(let methods):
      if request.method == .options { return .options(methods) }
      return .refused(.methodNotAllowed, ["Allow": Service.allowed(methods)])
    case .unknown:
      return .refused(.pathNotFound, [:])
    }
  }

  private func options(_ request: Request, _ methods: [Method]) -> Response {
    let isPreflight = CrossOriginPolicy.isPreflight(request.head)
    var response = isPreflight ? crossOrigin.preflightAnswer(to: request.head) : Response(.noContent)
    response.headers.append("Allow", Service.allowed(methods))
    response.headers.append("Cache-Control", "no-store")
    return response
  }

  private static func allowed(_ methods: [Method]) -> String {
    (methods.map(\.rawValue) + ["OPTIONS"]).joined(separator: ", ")
  }

  // MARK: Running it

  private func run(
    _ endpoint: Endpoint, _ parameters: PathParameters, _ request: Request, _ exchange: Exchange
  ) async -> Response {
    exchange.route = endpoint.name
    exchange.path = endpoint.path
    do throws(Refused) {
      let caller = try await authenticate(endpoint, request)
      exchange.user = caller?.user
      if !endpoint.rate.countsFailures { exchange.rateHeaders = try await count(endpoint, caller, request) }
      let call = Call(
        chat: chat.traced(in: exchange.scope), caller: caller, path: parameters, query: try query(endpoint, request),
        headers: try headers(endpoint, request), body: try body(endpoint, request), fields: request.headers,
        upload: try upload(endpoint, request))
      if endpoint.rate.countsFailures { return try await attempt(endpoint, call, caller, request, exchange) }
      return exchange.finish(try await act(endpoint, call))
    } catch {
      exchange.fault = error.fault
      return exchange.response(error.problem, error.headers)
    }
  }

  private func act(_ endpoint: Endpoint, _ call: Call) async throws(Refused) -> Response {
    let answer: Answer
    do throws(ChatError) {
      answer = try await endpoint.act(call)
    } catch {
      throw Refused(error)
    }
    if let refusal = answer.refusal { throw Refused(refusal.problem(), answer.headers) }
    return answer.response
  }

  /// Runs a row of which only what fails is counted.
  private func attempt(
    _ endpoint: Endpoint, _ call: Call, _ caller: Caller?, _ request: Request, _ exchange: Exchange
  ) async throws(Refused) -> Response {
    let attempt = await gate.begin(username: call.body.string("username"), caller: caller, address: request.peer)
    try pass(attempt.pass)
    exchange.rateHeaders = attempt.pass.headers
    do throws(Refused) {
      let response = try await act(endpoint, call)
      await gate.giveBack(attempt)
      return exchange.finish(response)
    } catch {
      if error.problem.status != 401 { await gate.giveBack(attempt) }
      throw error
    }
  }

  private func authenticate(_ endpoint: Endpoint, _ request: Request) async throws(Refused) -> Caller? {
    guard endpoint.access == .signedIn else { return nil }
    do throws(ChatError) {
      let token = try BearerToken.of(request.headers)
      return try await authenticator.caller(ofToken: token)
    } catch .unauthenticated(let reason) {
      guard request.headers.contains("authorization") else { throw Refused(.unauthenticated(reason)) }
      throw Refused(.unauthenticated(reason), ["WWW-Authenticate": Challenge.refusedToken])
    } catch {
      throw Refused(error)
    }
  }

  private func count(_ endpoint: Endpoint, _ caller: Caller?, _ request: Request) async throws(Refused) -> HeaderFields
  {
    let pass = await gate.pass(endpoint.rate, caller: caller, address: request.peer)
    try self.pass(pass)
    return pass.headers
  }

  private func pass(_ pass: RateGate.Pass) throws(Refused) {
    guard let retryAfter = pass.retryAfter else { return }
    throw Refused(.rateLimited(retryAfter: retryAfter), pass.headers)
  }
}
