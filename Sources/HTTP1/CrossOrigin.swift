/// Which other sites' pages may read our answers: CORS by an allow-list.
///
/// - Shape: an origin is `https://chat.example` with a port if it is not the scheme's; compared as a whole, never by
///   suffix.
/// - Source: the Fetch standard, "CORS protocol".
public struct CrossOriginPolicy: Sendable, Equatable {
  /// Whose pages may.
  public enum Origins: Sendable, Equatable {
    /// Everybody's, without cookies.
    case any
    /// These; `null` is never among them.
    case listed(Set<String>)
  }

  /// Whose pages may.
  public var origins: Origins

  /// Methods that a preflight allows.
  public var methods: [Method]

  /// Request headers that a preflight allows.
  public var requestHeaders: [String]

  /// Response headers that pages may read besides the simple ones.
  public var exposedHeaders: [String]

  /// Seconds for which a browser may keep the preflight's answer: 10 minutes, so that a changed list is soon in force.
  public var preflightSecondsMax: Int

  /// Whether pages of listed origins may send what the browser keeps for us; clients of Socket.IO may ask for that.
  public var allowsCredentials: Bool

  /// A policy by its parts.
  public init(
    origins: Origins, methods: [Method] = [.get, .post, .put, .patch, .delete],
    requestHeaders: [String] = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match"],
    exposedHeaders: [String] = ["ETag", "Retry-After", "RateLimit", "RateLimit-Policy"], preflightSecondsMax: Int = 600,
    allowsCredentials: Bool = false
  ) {
    self.origins = origins
    self.methods = methods
    self.requestHeaders = requestHeaders
    self.exposedHeaders = exposedHeaders
    self.preflightSecondsMax = preflightSecondsMax
    self.allowsCredentials = allowsCredentials
  }

  /// True when a page of this origin may talk to us; also what a WebSocket handshake asks.
  public func allows(_ origin: String) -> Bool {
    switch origins {
    case .any: return true
    case .listed(let list): return origin != "null" && list.contains(origin)
    }
  }

  /// True when who asks may have a socket: a page of an allowed origin or of the very host that is asked, or no page.
  ///
  /// Not only pages name an origin: some WebSocket libraries send the host's own.
  public func allowsSocket(_ head: RequestHead) -> Bool {
    guard let origin = head.headers["origin"], !allows(origin) else { return true }
    return head.headers["host"].map { ["http://\($0)", "https://\($0)"].contains(origin) } ?? false
  }

  /// True for a browser's question before the request itself.
  public static func isPreflight(_ head: RequestHead) -> Bool {
    head.method == .options && head.headers.contains("origin")
      && head.headers.contains("access-control-request-method")
  }

  /// The answer to a preflight: 204, with the permissions when the origin is allowed.
  public func preflightAnswer(to head: RequestHead) -> Response {
    var response = Response(.noContent)
    guard apply(to: &response, origin: head.headers["origin"]) else { return response }
    response.headers.append("Access-Control-Allow-Methods", methods.map(\.rawValue).joined(separator: ", "))
    response.headers.append("Access-Control-Allow-Headers", requestHeaders.joined(separator: ", "))
    response.headers.append("Access-Control-Max-Age", String(preflightSecondsMax))
    return response
  }

  /// Adds to an answer what the origin needs to read it, and always `Vary: Origin` when the answer depends on it.
  ///
  /// - Returns: true when the origin is allowed.
  @discardableResult
  public func apply(to response: inout Response, origin: String?) -> Bool {
    if case .listed = origins { response.headers.append("Vary", "Origin") }
    guard let origin, allows(origin) else { return false }
    response.headers.set("Access-Control-Allow-Origin", origins == .any ? "*" : origin)
    if allowsCredentials, origins != .any { response.headers.set("Access-Control-Allow-Credentials", "true") }
    if !exposedHeaders.isEmpty {
      response.headers.set("Access-Control-Expose-Headers", exposedHeaders.joined(separator: ", "))
    }
    return true
  }
}
