/// An answer to a request.
///
/// The serializer writes Content-Length, Date and Connection itself; those among ``headers`` are left out, so that an
/// answer cannot be framed in two ways.
public struct Response: Sendable, Equatable {
  /// The status.
  public var status: Status

  /// The header fields without those that frame the message.
  public var headers: HeaderFields

  /// The body; not sent to HEAD, and never with a status that has none.
  public var body: [UInt8]

  /// A body that is too long to be held, instead of ``body``.
  public var stream: BodyStream?

  /// The room that ``body`` has taken while it gathered; kept until the client has it.
  public var hold: BodyHold?

  /// True when the connection is to be closed after this answer.
  public var closesConnection = false

  /// An answer by its parts.
  public init(_ status: Status, headers: HeaderFields = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// A short text.
  public init(_ status: Status, text: String) {
    self.init(status, headers: ["Content-Type": "text/plain; charset=utf-8"], body: Array(text.utf8))
  }

  /// The answer to a request that the server refused, as plain text; it closes the connection.
  public init(_ refusal: Refusal) {
    self.init(refusal.status, text: refusal.reason + "\n")
    if let seconds = refusal.retryAfterSeconds { headers.append("Retry-After", String(seconds)) }
    closesConnection = true
  }

  /// `HTTP/1.1 100 Continue`, to be written before the body is read.
  public static let continueBytes = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

  /// Whether its body is sent to that method.
  public func sendsBody(answering method: Method) -> Bool { method != .head && !status.forbidsBody }

  /// Writes the answer: its header, then its body.
  ///
  /// - Parameters:
  ///   - out: what is appended to.
  ///   - method: the request's method; HEAD gets the header that GET would get, and no body.
  ///   - keepAlive: what the request asked for; the answer's ``closesConnection`` can only take it away.
  ///   - version: the request's version; HTTP/1.0 is told when the connection stays.
  ///   - date: now, as ``HTTPDate`` writes it; nil leaves the field out.
  public func write(
    into out: inout [UInt8], answering method: Method, keepAlive: Bool, version: Version = .http11, date: [UInt8]?
  ) {
    out.reserveCapacity(out.count + body.count + 256)
    writeHead(into: &out, keepAlive: keepAlive, version: version, date: date)
    if sendsBody(answering: method) { out.append(contentsOf: body) }
  }

  /// Writes what stands before the body, for those who send that from where it stands; parameters as
  /// ``write(into:answering:keepAlive:version:date:)`` has them.
  public func writeHead(into out: inout [UInt8], keepAlive: Bool, version: Version = .http11, date: [UInt8]?) {
    Response.line("HTTP/1.1 ", status.description.utf8, into: &out)
    if let date { Response.line("Date: ", date, into: &out) }
    writeFraming(into: &out, keepAlive && !closesConnection, version)
    headers.write(into: &out, keepingConnection: status.code == 101)
    out.append(Byte.carriageReturn)
    out.append(Byte.lineFeed)
  }

  private func writeFraming(into out: inout [UInt8], _ keepAlive: Bool, _ version: Version) {
    if !status.forbidsBody { Response.line("Content-Length: ", String(stream?.length ?? body.count).utf8, into: &out) }
    if status.code == 101 { return }
    if !keepAlive {
      Response.line("Connection: ", "close".utf8, into: &out)
    } else if version == .http10 {
      Response.line("Connection: ", "keep-alive".utf8, into: &out)
    }
  }

  private static func line(_ name: StaticString, _ value: some Collection<UInt8>, into out: inout [UInt8]) {
    name.withUTF8Buffer { out.append(contentsOf: $0) }
    out.append(contentsOf: value)
    out.append(Byte.carriageReturn)
    out.append(Byte.lineFeed)
  }
}
