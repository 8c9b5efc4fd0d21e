import API
import ChatCore
import Delivery
import Dialects
import EngineServing
import HTTP1
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
  /// For files on their way into the node, and answers on their way out.
  let rooms: Rooms
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

  /// Whose an access token is, if it is ours and has not expired; whether its session lives is another question.
  func account(of token: String) -> String? {
    (try? tokens.verifyAccess(token, now: SystemClock().now.milliseconds / 1_000))?.subject
  }

  /// Bytes of a form around its file: boundaries and a part's header, several times.
  private static let formBytesMax = 16_384

  /// How long a body with a file may be.
  func fileAllowance(of account: String) -> BodyAllowance {
    BodyAllowance(configuration.shared.limits.fileBytesMax + SharedParts.formBytesMax, account: account)
  }

  /// Room for a long answer to that user at that address.
  func answerHold(of user: UserID?, at address: String) -> BodyHold {
    let account = user.map { [BodyRoom.Holder.account("\($0.rawValue)")] } ?? []
    return rooms.answers.hold(for: account + (proxies.block(of: address).map { [.address($0)] } ?? []))
  }

  /// Those of one loop's servers.
  var servingLimits: ServingLimits {
    var limits = configuration.servingLimits(loops: loops)
    (limits.largeBodies, limits.longAnswers) = (rooms.uploads, rooms.answers)
    return limits
  }
}

/// Rooms for long bodies; one of each a node.
struct Rooms: Sendable {
  let uploads: BodyRoom
  let answers: BodyRoom

  init(_ intake: IntakeConfiguration) {
    uploads = BodyRoom(bytesMax: intake.uploadBytes)
    answers = BodyRoom(bytesMax: intake.answerBytes, for: .answers)
  }
}

/// Whether new clients may come.
final class Readiness: Sendable {
  private let ready = Atomic<Bool>(false)

  var isReady: Bool { ready.load(ordering: .relaxed) }

  func set(_ isReady: Bool) { ready.store(isReady, ordering: .relaxed) }
}
