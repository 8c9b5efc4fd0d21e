/// A response's status code and its phrase.
///
/// - Source: RFC 9110 section 15, RFC 6585.
public struct Status: Hashable, Sendable, CustomStringConvertible, ExpressibleByIntegerLiteral {
  /// The three digits, 100 to 599.
  public let code: Int

  /// A status by its code; anything outside 100…599 becomes 500, since the wire has three digits.
  public init(_ code: Int) { self.code = (100...599).contains(code) ? code : 500 }

  /// A status written as its code.
  public init(integerLiteral value: Int) { self.init(value) }

  /// 101
  public static let switchingProtocols = Status(101)
  /// 200
  public static let ok = Status(200)
  /// 201
  public static let created = Status(201)
  /// 204
  public static let noContent = Status(204)
  /// 304
  public static let notModified = Status(304)
  /// 400
  public static let badRequest = Status(400)
  /// 401
  public static let unauthorized = Status(401)
  /// 403
  public static let forbidden = Status(403)
  /// 404
  public static let notFound = Status(404)
  /// 405
  public static let methodNotAllowed = Status(405)
  /// 426
  public static let upgradeRequired = Status(426)
  /// 503
  public static let unavailable = Status(503)

  /// True when a response of this status never has a body: 1xx, 204, 304.
  public var forbidsBody: Bool { code < 200 || code == 204 || code == 304 }

  /// The code and its phrase, `404 Not Found`.
  public var description: String { "\(code) \(phrase)" }

  /// The phrase of the registry; the class's name for a code without one.
  public var phrase: String { Status.phrases[code] ?? Status.classPhrases[code / 100] ?? "Unknown" }

  private static let classPhrases = [1: "Continue", 2: "OK", 3: "Redirect", 4: "Bad Request", 5: "Server Error"]

  private static let phrases: [Int: String] = [
    100: "Continue", 101: "Switching Protocols",
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 206: "Partial Content",
    301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
    307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
    411: "Length Required", 412: "Precondition Failed", 413: "Content Too Large", 414: "URI Too Long",
    415: "Unsupported Media Type", 416: "Range Not Satisfiable", 417: "Expectation Failed",
    421: "Misdirected Request", 422: "Unprocessable Content", 425: "Too Early", 426: "Upgrade Required",
    428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
    500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
    504: "Gateway Timeout", 505: "HTTP Version Not Supported", 507: "Insufficient Storage",
  ]
}
