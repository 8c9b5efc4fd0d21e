import API
import ChatCore
import Delivery
import Dialects
import EngineServing
import IORuntime
import Realtime
import Serving
import Synchronization
import Tokens
import Tracing

/// What the loops of a node share: settings, keys, the catalog, and whether it is ready.
struct SharedParts: Sendable {
  let configuration: Configuration
  let role: Role
  let node: String
  let loops: Int
  let logger: Logger
  let credentials: PasswordsAndTokens
  let tokens: Tokens.TokenVerifier
  let endpoints: [Endpoint]
  let proxies: TrustedProxies
  /// For files on their way into the node.
  let room: BodyRoom
  let readiness: Readiness
  let metrics: MetricsBoard
  let engineSessions: EngineDirectory
  let recoveryShelf: RecoveryShelf
  let roomShelf: RoomShelf
  let ids: IDCipher
  let privateDoor: PrivateDoor?
  /// Spans on their way to a collector; nil where there is none.
  let spans: SpanQueue?
  /// What makes them; nil where there is no collector.
  let tracer: (any Tracer)?
  /// By which the loops ask the log once for all.
  let headRound = HeadRound()

  /// Whether an access token is ours and has not expired; whether its session lives is another question.
  func knows(_ token: String) -> Bool {
    (try? tokens.verifyAccess(token, now: SystemClock().now.milliseconds / 1_000)) != nil
  }
}

/// Whether new clients may come.
final class Readiness: Sendable {
  private let ready = Atomic<Bool>(false)

  var isReady: Bool { ready.load(ordering: .relaxed) }

  func set(_ isReady: Bool) { ready.store(isReady, ordering: .relaxed) }
}
