/// Why a server refused a request by itself, before its handler or instead of it, and how to say so.
///
/// The connection is closed after the answer: where the next request would begin is not known.
public struct Refusal: Error, Equatable, Sendable {
  /// What the client is told.
  public let status: Status

  /// A short stable word for metrics and problem bodies, `bare_line_feed`.
  public let code: String

  /// One sentence for the client; it never repeats what he sent.
  public let reason: String

  /// After how many seconds the same request may succeed; nil when it never will.
  public let retryAfterSeconds: Int?

  /// A refusal by its parts.
  public init(_ status: Status, _ code: String, _ reason: String, retryAfterSeconds: Int? = nil) {
    self.status = status
    self.code = code
    self.reason = reason
    self.retryAfterSeconds = retryAfterSeconds
  }
}

/// What is refused for want of time or room.
extension Refusal {
  /// The request did not arrive in time.
  public static let requestTimeout = Refusal(408, "request_timeout", "The request took too long to arrive.")
  /// The answer was not ready in time.
  public static let answerTimeout = Refusal(
    503, "answer_timeout", "The answer took too long; repeat the request with the same ids.", retryAfterSeconds: 5)
  /// All connections of the server are taken.
  public static let connections = Refusal(
    503, "too_many_connections", "This node has as many connections as it may have.", retryAfterSeconds: 5)
  /// All connections of one address are taken.
  public static let connectionsOfAddress = Refusal(
    429, "too_many_connections_of_address", "Your address has as many connections as it may have.",
    retryAfterSeconds: 5)
}

extension Refusal {
  static let bareLineFeed = Refusal(400, "bare_line_feed", "A line ends with CR LF.")
  static let bareCarriageReturn = Refusal(400, "bare_carriage_return", "CR stands only before LF.")
  static let controlCharacter = Refusal(400, "control_character", "A control character stands in the header.")
  static let requestLine = Refusal(400, "request_line", "The request line is: method, target, version.")
  static let method = Refusal(400, "method", "The method is not a token.")
  static let methodTooLong = Refusal(501, "method_too_long", "The method is longer than any known one.")
  static let methodNotServed = Refusal(501, "method_not_served", "CONNECT and TRACE are not served.")
  static let traceBody = Refusal(400, "trace_body", "TRACE has no body.")
  static let target = Refusal(400, "target", "The request target is not a valid URI reference.")
  static let targetForm = Refusal(400, "target_form", "The form of the target does not fit the method.")
  static let targetTooLong = Refusal(414, "target_too_long", "The request line is too long.")
  static let version = Refusal(400, "version", "The version is HTTP/ and two digits with a point between.")
  static let versionNotSupported = Refusal(505, "version_not_supported", "Only HTTP/1.1 and HTTP/1.0 are served.")
  static let headerTooLarge = Refusal(431, "header_too_large", "The header is too large.")
  static let headerTooMany = Refusal(431, "header_too_many", "The header has too many fields.")
  static let headerLine = Refusal(400, "header_line", "A header line is: name, colon, value.")
  static let headerName = Refusal(400, "header_name", "A header name is a token directly before the colon.")
  static let headerLookalike = Refusal(400, "header_lookalike", "A header name imitates one that frames the message.")
  static let folded = Refusal(400, "header_folded", "Header lines are not folded.")
  static let hostMissing = Refusal(400, "host_missing", "Host is missing.")
  static let hostTwice = Refusal(400, "host_twice", "Host stands more than once.")
  static let host = Refusal(400, "host", "Host is a name or an address and perhaps a port.")
  static let hostMismatch = Refusal(400, "host_mismatch", "The target names another host than Host.")
  static let contentLength = Refusal(400, "content_length", "Content-Length is one decimal number.")
  static let contentLengthTwice = Refusal(400, "content_length_twice", "Content-Length stands more than once.")
  static let lengthAndEncoding = Refusal(
    400, "length_and_encoding", "Content-Length and Transfer-Encoding exclude each other.")
  static let transferEncoding = Refusal(400, "transfer_encoding", "Transfer-Encoding is exactly: chunked.")
  static let transferEncodingVersion = Refusal(
    400, "transfer_encoding_version", "HTTP/1.0 has no Transfer-Encoding.")
  static let transferCoding = Refusal(501, "transfer_coding", "Only the chunked transfer coding is known.")
  static let expectation = Refusal(417, "expectation", "Only 100-continue can be expected.")
  static let bodyTooLarge = Refusal(413, "body_too_large", "The body is too large.")
  static let chunkSize = Refusal(400, "chunk_size", "A chunk's size is hexadecimal digits and nothing else.")
  static let chunkExtension = Refusal(400, "chunk_extension", "A chunk extension is: semicolon, name, value.")
  static let chunkExtensionTooLong = Refusal(400, "chunk_extension_too_long", "The chunk extensions are too long.")
  static let chunkEnd = Refusal(400, "chunk_end", "A chunk's data ends with CR LF.")
  static let trailerTooLarge = Refusal(431, "trailer_too_large", "The trailer section is too large.")
  static let trailerField = Refusal(400, "trailer_field", "This field must not stand in the trailer section.")
}
