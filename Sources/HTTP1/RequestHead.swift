/// The versions of the protocol that are served.
public enum Version: Sendable, Equatable {
  /// HTTP/1.0
  case http10
  /// HTTP/1.1
  case http11
}

/// How much body follows a head.
public enum BodyLength: Sendable, Equatable {
  /// No body, or one of zero bytes.
  case none
  /// So many bytes.
  case fixed(Int)
  /// As many bytes as the chunks say.
  case chunked
}

/// A request's line and header, checked.
///
/// - Shape: `GET /v1/users?query=ada HTTP/1.1`, then the header fields.
public struct RequestHead: Sendable, Equatable {
  /// The method as it was sent.
  public var method: Method

  /// The target as it was sent: `/a?b`, `http://host/a?b` or `*`.
  public var target: String

  /// The path as it was sent, still percent-encoded; `*` in `OPTIONS *`.
  public var path: String

  /// What follows the first `?`, still percent-encoded; nil without one.
  public var query: String?

  /// The version of the protocol.
  public var version: Version

  /// The header fields.
  public var headers: HeaderFields

  /// True when the client takes further answers on this connection.
  public var keepAlive: Bool

  /// How much body follows.
  public var bodyLength: BodyLength

  /// True when the client waits for `100 Continue` before it sends the body.
  public var expectsContinue: Bool

  /// A head by its parts, for tests; the parser makes the real ones.
  public init(
    method: Method, target: String, version: Version = .http11, headers: HeaderFields = [:], keepAlive: Bool = true,
    bodyLength: BodyLength = .none, expectsContinue: Bool = false
  ) {
    let mark = target.utf8.firstIndex(of: Byte.question)
    self.method = method
    self.target = target
    self.path = String(target[..<(mark ?? target.endIndex)])
    self.query = mark.map { String(target[target.utf8.index(after: $0)...]) }
    self.version = version
    self.headers = headers
    self.keepAlive = keepAlive
    self.bodyLength = bodyLength
    self.expectsContinue = expectsContinue
  }

  /// A head whose target has been cut already.
  init(
    method: Method, target: String, path: String, query: String?, version: Version, headers: HeaderFields,
    keepAlive: Bool, bodyLength: BodyLength, expectsContinue: Bool
  ) {
    self.method = method
    self.target = target
    self.path = path
    self.query = query
    self.version = version
    self.headers = headers
    self.keepAlive = keepAlive
    self.bodyLength = bodyLength
    self.expectsContinue = expectsContinue
  }

  /// True when the client asks to go on in another protocol, and may.
  ///
  /// - Source: RFC 9110 section 7.8: `Upgrade` counts only with `Connection: upgrade`, and not in HTTP/1.0.
  public func asksUpgrade(to name: String) -> Bool {
    version == .http11 && headers.contains("connection", token: "upgrade") && headers.contains("upgrade", token: name)
  }

  /// The segments of the path, percent-decoded.
  ///
  /// - Returns: nil when a segment is badly encoded, is `.` or `..`, or holds a control character.
  public var pathSegments: [String]? {
    let bytes = path.utf8.span
    guard !bytes.isEmpty, bytes[0] == Byte.slash else { return nil }
    var segments: [String] = []
    segments.reserveCapacity(8)
    var start = 1
    while start <= bytes.count {
      let end = bytes.index(of: Byte.slash, in: start..<bytes.count)
      guard let segment = PercentCoding.decode(bytes, start..<end), segment != ".", segment != ".." else { return nil }
      if segment.utf8.contains(where: { $0 < Byte.space || $0 == Byte.delete }) { return nil }
      segments.append(segment)
      start = end &+ 1
    }
    return segments
  }
}

/// A whole request.
public struct Request: Sendable, Equatable {
  /// The line and the header.
  public var head: RequestHead

  /// The body, decoded from its chunks; empty without one.
  public var body: [UInt8]

  /// The client's address without a port, as the server sees it or a trusted balancer tells it.
  public var peer: String

  /// A request by its parts.
  public init(head: RequestHead, body: [UInt8] = [], peer: String = "") {
    self.head = head
    self.body = body
    self.peer = peer
  }

  /// The method.
  public var method: Method { head.method }
  /// The path, still percent-encoded.
  public var path: String { head.path }
  /// The header fields.
  public var headers: HeaderFields { head.headers }
}
