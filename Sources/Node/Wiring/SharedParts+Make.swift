import API
import ChatCore
import Dialects
import EngineServing
import IORuntime
import JSONText
import Realtime
import Serving
import Tokens
import Tracing

/// Why a node cannot start: a sentence for the operator.
struct StartFailure: Error, CustomStringConvertible {
  let description: String
  /// Whether the settings are to blame, so that another try is of no use.
  let isConfiguration: Bool

  init(_ description: String, isConfiguration: Bool = false) {
    self.description = description
    self.isConfiguration = isConfiguration
  }
}

extension Secrets {
  /// The keys of the settings; `dev` makes its own, which die with the process.
  init(_ configuration: Configuration, isDevelopment: Bool) throws(StartFailure) {
    let refresh = configuration.secrets.refreshKey?.revealed ?? (isDevelopment ? SecureRandom.bytes(32) : [])
    guard let refreshKeys = RefreshToken.Keys(current: refresh) else {
      throw StartFailure("MARTLET_REFRESH_KEY has less than 32 bytes.", isConfiguration: true)
    }
    self.refreshKeys = refreshKeys
    issuer = configuration.shared.tokenIssuer
    audience = configuration.shared.tokenAudience
    lifetime = Int64(configuration.shared.tokenLifetimeSeconds)
    ids = IDCipher(secret: refresh)
    do throws(KeyError) {
      ring = try Secrets.ring(configuration.secrets, isDevelopment)
      // A key that cannot sign would be found by the first one who signs in; better now.
      _ = try AccessClaims(issuer: issuer, audience: audience, subject: "1", session: "1", issuedAt: 0, expires: 1)
        .sign(with: ring)
    } catch {
      let setting = configuration.secrets.tokenKey == nil ? "MARTLET_TOKEN_KEYS" : "MARTLET_TOKEN_KEY"
      throw StartFailure("\(setting) cannot sign access tokens: \(error.rawValue)", isConfiguration: true)
    }
  }

  private static func ring(_ secrets: SecretsConfiguration, _ isDevelopment: Bool) throws(KeyError) -> KeyRing {
    if let pem = secrets.tokenKey { return try KeyRing([TokenKey(pem: pem.revealed)]) }
    var keys: [TokenKey] = []
    for key in secrets.tokenKeys { keys.append(try TokenKey(secret: key.secret.revealed, kid: key.id)) }
    if keys.isEmpty && isDevelopment { keys.append(try TokenKey(secret: SecureRandom.bytes(32), kid: "dev")) }
    return try KeyRing(keys, active: keys.first?.kid)
  }
}

extension SharedParts {
  /// Prepares what the loops share.
  static func make(
    _ configuration: Configuration, role: Role, loops: Int, node: String, logger: Logger, sink: LogSink
  ) throws(StartFailure) -> SharedParts {
    let secrets = try Secrets(configuration, isDevelopment: role == .dev)
    let proxies = configuration.serving.trustedProxies.map(\.description).joined(separator: ",")
    guard let proxies = proxies.isEmpty ? TrustedProxies() : TrustedProxies(parsing: proxies) else {
      throw StartFailure("MARTLET_TRUSTED_PROXIES has a range that cannot be used.", isConfiguration: true)
    }
    let rooms = Rooms(configuration.intake)
    let readiness = Readiness()
    let keySet = secrets.ring.jwks
    let spans = configuration.tracing.endpoint.map { _ in SpanQueue() }
    let engineSessions = EngineDirectory(node: EngineDirectory.plainName(of: node))
    let (limits, version) = (configuration.shared.limits, Version.text)
    let asyncAPI = AsyncAPI.document(limits, configuration.realtimeLimits, version: version).bytes
    return SharedParts(
      configuration: configuration, role: role, node: node, loops: loops, logger: logger,
      credentials: try credentials(secrets, configuration, logger),
      tokens: Tokens.TokenVerifier(
        secrets.ring, TokenRules(issuer: secrets.issuer, audience: secrets.audience)),
      endpoints: Catalog.endpoints(limits, version: version, asyncAPI: asyncAPI) { keySet },
      proxies: proxies, rooms: rooms, readiness: readiness,
      metrics: MetricsBoard(
        role: role, sink: sink, rooms: rooms, readiness: readiness, connectionsMax: configuration.intake.connections,
        spans: spans),
      engineSessions: engineSessions, recoveryShelf: RecoveryShelf { engineSessions.makeID() },
      roomShelf: RoomShelf { engineSessions.makeID() },
      ids: secrets.ids, privateDoor: PrivateDoor.make(configuration, role: role, node: node, loops: loops),
      spans: spans, tracer: spans.map { ShareTracer($0, configuration.tracing) })
  }

  private static func credentials(
    _ secrets: Secrets, _ configuration: Configuration, _ logger: Logger
  ) throws(StartFailure) -> PasswordsAndTokens {
    do {
      return PasswordsAndTokens(
        secrets: secrets, hasher: try PasswordHasher(),
        pool: try BlockingPool(
          name: "password", threads: configuration.work.passwordThreads, queueMax: configuration.work.passwordQueue),
        report: { logger.error($0) })
    } catch {
      throw StartFailure("The pool that hashes passwords cannot start: \(error).")
    }
  }
}
