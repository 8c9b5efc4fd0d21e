/// What an HTTP request asks of Engine.IO.
///
/// - Shape: `GET /socket.io/?EIO=4&transport=polling&sid=…`
public struct EngineRequest: Sendable, Equatable {
  /// What is asked.
  public enum Wish: Sendable, Equatable {
    /// A session by polling.
    case open
    /// What waits for a session.
    case poll(sid: String)
    /// Packets for a session.
    case post(sid: String)
    /// A session by WebSocket.
    case openSocket
    /// A WebSocket for a session that polls.
    case probe(sid: String)
  }

  /// What is asked.
  public let wish: Wish
  /// By which revision.
  public let version: EngineVersion
  /// Revision 3: whether the client reads payloads of bytes; it says so by leaving out `b64`.
  public let takesBytes: Bool
  /// The client's own mark, another one for each request (`t`); nil without one, or with one that is none: too long, or
  /// a count of whole seconds, which some clients send and which two requests may share.
  public let stamp: String?

  /// Bytes of a session id: 64, twice what we give out.
  public static let idBytesMax = 64
  /// Bytes of a stamp: 64; clients send a time, twenty letters.
  public static let stampBytesMax = 64
  /// Digits of a stamp that may be whole seconds: 10, until the year 2286; milliseconds have three more.
  static let secondDigitsMax = 10

  /// Reads a request.
  ///
  /// - Parameters:
  ///   - method: `GET` or `POST`; anything else is refused.
  ///   - asksUpgrade: whether it asks to go on as WebSocket.
  ///   - versions: the revisions that are served here.
  ///   - assumesPolling: whether a request that names no transport is taken for a poll; else it is refused.
  ///   - value: the value of a query parameter.
  public init(
    method: String, asksUpgrade: Bool, versions: Set<EngineVersion>, assumesPolling: Bool = false,
    value: (String) -> String?
  ) throws(EngineRefusal) {
    let version = value("EIO").flatMap { EngineRequest.version($0) }
    guard let version, versions.contains(version) else { throw .unsupportedVersion }
    self.version = version
    takesBytes = value("b64") == nil
    stamp = value("t").flatMap { EngineRequest.isStamp($0.utf8) ? $0 : nil }
    let transport = value("transport") ?? (assumesPolling ? "polling" : nil)
    guard transport == "polling" || transport == "websocket" else { throw .unknownTransport }
    // A sid that cannot be one of ours is unknown, and need not be looked for.
    let sid = value("sid")
    if let sid, !EngineRequest.isID(sid) { throw .unknownSession }
    guard (transport == "websocket") == asksUpgrade else { throw .badRequest }
    wish = try EngineRequest.wish(method, sid, isSocket: asksUpgrade)
  }

  private static func wish(_ method: String, _ sid: String?, isSocket: Bool) throws(EngineRefusal) -> Wish {
    switch (method, sid) {
    case ("GET", nil): return isSocket ? .openSocket : .open
    case ("GET", let sid?): return isSocket ? .probe(sid: sid) : .poll(sid: sid)
    case ("POST", let sid?) where !isSocket: return .post(sid: sid)
    case (_, nil): throw .badMethod
    default: throw .badRequest
    }
  }

  /// Exactly `3` or `4`: another spelling is another version.
  private static func version(_ text: String) -> EngineVersion? {
    switch text {
    case "3": .v3
    case "4": .v4
    default: nil
    }
  }

  private static func isStamp(_ text: String.UTF8View) -> Bool {
    guard (1...stampBytesMax).contains(text.count) else { return false }
    return text.count > secondDigitsMax || !text.allSatisfy { (0x30...0x39).contains($0) }
  }

  static func isID(_ sid: String) -> Bool {
    (1...idBytesMax).contains(sid.utf8.count) && sid.utf8.allSatisfy(isIDByte)
  }

  static func isIDByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}

/// Why a request is refused; always with status 400.
///
/// - Shape: `{"code":1,"message":"Session ID unknown"}`
public enum EngineRefusal: Int, Error, Sendable, Equatable, CaseIterable {
  case unknownTransport = 0
  case unknownSession = 1
  case badMethod = 2
  case badRequest = 3
  case forbidden = 4
  case unsupportedVersion = 5

  /// The words that clients know.
  public var message: String {
    switch self {
    case .unknownTransport: "Transport unknown"
    case .unknownSession: "Session ID unknown"
    case .badMethod: "Bad handshake method"
    case .badRequest: "Bad request"
    case .forbidden: "Forbidden"
    case .unsupportedVersion: "Unsupported protocol version"
    }
  }

  /// The body of the answer.
  public var json: [UInt8] { Array("{\"code\":\(rawValue),\"message\":\"\(message)\"}".utf8) }
}
