import Glibc
import HTTP1
import JSONText
import Tokens

/// `/http/`: says OK, sends bodies back, shows the header.
enum PlainRoute {
  static func respond(to request: Request) -> Response {
    switch request.method {
    case .get, .head:
      return request.path == "/http/headers" ? headers(of: request) : Response(.ok, text: "OK")
    case .post, .put:
      let type = request.headers["content-type"] ?? "application/octet-stream"
      return Response(.ok, headers: ["Content-Type": type], body: request.body)
    case .options: return Response(.noContent, headers: ["Allow": allowed])
    default: return Response(.methodNotAllowed, headers: ["Allow": allowed])
    }
  }

  private static let allowed = "GET, HEAD, POST, PUT, OPTIONS"

  /// Names in lower case; the values of a name that stands more than once are joined.
  private static func headers(of request: Request) -> Response {
    var object = JSONObject()
    for field in request.headers {
      let name = field.name.lowercased()
      let before = object[name]?.string.map { $0 + ", " } ?? ""
      object[name] = .string(before + field.value)
    }
    return Response(.ok, headers: ["Content-Type": "application/json"], body: JSONValue.object(object).bytes)
  }
}

/// `/jwt/me`: whom a bearer token is about.
struct TokenRoute: Sendable {
  private let verifiers: [TokenVerifier]

  init(_ verifiers: [TokenVerifier]) { self.verifiers = verifiers }

  func respond(to request: Request) -> Response {
    guard request.method == .get || request.method == .head else {
      return Response(.methodNotAllowed, headers: ["Allow": "GET, HEAD"])
    }
    guard let token = TokenRoute.token(of: request), let subject = subject(of: token) else { return TokenRoute.refusal }
    let body = JSONValue.object(["sub": .string(subject)]).bytes
    return Response(.ok, headers: ["Content-Type": "application/json", "Cache-Control": "no-store"], body: body)
  }

  private func subject(of token: String) -> String? {
    let now = Int64(time(nil))
    return verifiers.lazy.compactMap { try? $0.verify(token, now: now).subject }.first
  }

  /// The token of the one Authorization header: the scheme in any case, one space.
  private static func token(of request: Request) -> String? {
    let values = request.headers.values(for: "authorization")
    guard values.count == 1 else { return nil }
    let parts = values[0].split(separator: " ", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].lowercased() == "bearer", !parts[1].isEmpty else { return nil }
    return String(parts[1])
  }

  private static var refusal: Response {
    let problem: JSONValue = [
      "type": "about:blank", "title": "Unauthorized", "status": 401, "detail": .string(VerificationError.answer),
    ]
    return Response(
      .unauthorized,
      headers: ["Content-Type": "application/problem+json", "WWW-Authenticate": "Bearer error=\"invalid_token\""],
      body: problem.bytes)
  }
}
