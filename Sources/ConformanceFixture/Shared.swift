import EngineIO
import EngineServing
import Glibc
import HTTP1
import JSONText
import SocketIO
import Tokens

/// What all loops use: the sessions, the settings, the keys.
struct Shared: Sendable {
  let engineSessions = EngineDirectory()
  let socketSessions = EngineDirectory()
  let engineSettings: EngineDoorSettings
  let socketSettings: EngineDoorSettings
  let socketLimits: SocketLimits
  let verifiers: [TokenVerifier]

  init(_ options: Options) throws {
    let limits = EngineLimits(
      pingInterval: options.pingInterval, pingTimeout: options.pingTimeout, queueBytesMax: 64 << 20)
    socketLimits = SocketLimits(connectTimeout: options.connectTimeout)
    let everybody = CrossOriginPolicy(origins: .any)
    engineSettings = EngineDoorSettings(
      limits: limits, versions: options.speaksThree ? [.v3, .v4] : [.v4], crossOrigin: everybody)
    socketSettings = EngineDoorSettings(limits: limits, versions: [.v4], crossOrigin: everybody)
    let rules = TokenRules(issuer: "chat", audience: "chat-api", types: .anyJWT)
    verifiers = try Shared.rings(options).map { TokenVerifier($0, rules) }
  }

  /// A ring for the secret and one for the file: a token is checked by the one that its algorithm means.
  private static func rings(_ options: Options) throws -> [KeyRing] {
    var rings: [KeyRing] = []
    if let secret = options.secret { rings.append(try KeyRing([TokenKey(secret: Array(secret.utf8), kid: nil)])) }
    if let path = options.keysFile { rings.append(try KeyRing(jwks: JSONValue(parsing: try read(path)))) }
    return rings
  }

  private static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw Options.Wrong(description: "\(path) cannot be read") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      guard count > 0 else { return bytes }
      bytes.append(contentsOf: buffer[..<count])
    }
  }
}
