import ChatCore
import RedisBroker

/// All that a node is told: one struct a concern, the defaults in place, read once at the start.
///
/// - Shape: environment variables `MARTLET_<NAME>`; ``Reference`` has one row each.
/// - Errors: ``Configuration/read(_:for:file:)`` reports every wrong setting at once.
struct Configuration: Sendable, Equatable {
  /// Where the node listens and who stands before it.
  var serving = ServingConfiguration()
  /// The database.
  var database = DatabaseConfiguration()
  /// The broker.
  var redis = RedisConfiguration()
  /// Where the bytes of files are kept.
  var files = FilesConfiguration()
  /// What signs and hashes.
  var secrets = SecretsConfiguration()
  /// How much a node works at once.
  var work = WorkConfiguration()
  /// How much of something is taken from outside.
  var intake = IntakeConfiguration()
  /// How often something may be done.
  var rates = RateConfiguration()
  /// Which foreign wires are served, and where.
  var dialects = DialectConfiguration()
  /// What is logged, and how.
  var log = LogConfiguration()
  /// Where traces go, and which.
  var tracing = TracingConfiguration()
  /// What has to be equal on all nodes.
  var shared = SharedConfiguration()
}

/// Where the node listens and who stands before it.
struct ServingConfiguration: Sendable, Equatable {
  /// The address for clients.
  var listen = ListenAddress(host: "0.0.0.0", port: 8080)
  /// The address for other nodes, which pass on requests of Engine.IO; nil takes none, and passes none on.
  var privateListen: ListenAddress?
  /// Where others reach that address, when it is not the one that is listened at.
  var privateAddress: ListenAddress?
  /// The address for operators: ``Probes`` in plain HTTP; nil leaves them to the address for clients.
  var probeListen: ListenAddress?
  /// The node's name in logs and metrics; nil is made of the host's name and chance.
  var nodeID: String?
  /// Web origins whose pages may call; empty allows none.
  var origins: [String] = []
  /// Networks of load balancers whose `X-Forwarded-For` is believed.
  var trustedProxies: [NetworkRange] = []
  /// The certificate chain in PEM; nil serves without TLS.
  var certificateFile: String?
  /// The certificate's key in PEM.
  var keyFile: String?
}

/// The database.
struct DatabaseConfiguration: Sendable, Equatable {
  /// Where it is and who we are there.
  var url: Secret?
  /// Connections of each loop.
  var connectionsPerLoop = 4
  /// How long an answer is waited for.
  var deadline: Milliseconds = 4_500
  /// Connections of each loop for statements over several shards.
  var scatterConnections = 3
  /// Its replicas, which pages of the past are asked of first.
  var replicaURL: Secret?
  /// Connections of each loop to each replica.
  var replicaConnections = 2
  /// How long a replica's answer is waited for before the primary is asked.
  var replicaDeadline: Milliseconds = 300
}

/// The broker.
struct RedisConfiguration: Sendable, Equatable {
  /// Where it is and who we are there.
  var url: Secret?
  /// Whose certificates are believed; nil trusts what the system trusts.
  var authorityFile: String?
}

/// Where the bytes of files are kept; in the database when nothing is said.
struct FilesConfiguration: Sendable, Equatable {
  /// The bucket of an S3-compatible service.
  var url: String?
  /// The region that requests are signed for.
  var region = "us-east-1"
  /// Who we are there.
  var accessKey: String?
  /// What signs our requests.
  var secretKey: Secret?
  /// Whose certificates are believed; nil trusts what the system trusts.
  var authorityFile: String?
}

/// What signs and hashes.
struct SecretsConfiguration: Sendable, Equatable {
  /// HS256 keys for access tokens: the first signs, all verify.
  var tokenKeys: [SigningKey] = []
  /// A private key in PEM that signs access tokens instead, so that others can verify them.
  var tokenKey: Secret?
  /// The key that refresh tokens are made under; at least 32 bytes.
  var refreshKey: SecretBytes?
}

/// How much a node works at once.
struct WorkConfiguration: Sendable, Equatable {
  /// Event loops; nil is one a core.
  var loops: Int?
  /// Threads that hash passwords.
  var passwordThreads = 2
  /// Passwords that may wait for a thread; past it sign-ins are refused, retryable.
  var passwordQueue = 64
  /// How long a node that was told to go has to take leave of its clients.
  var drainGraceSeconds = 30
  /// Whether a node joins others whose settings differ where they must be equal.
  var join = JoinRule.equal
}

/// Beside whom a node runs.
enum JoinRule: String, Sendable, CaseIterable {
  /// Only those with whom it has in common what must be equal.
  case equal
  /// Others too, while a change goes round.
  case accept
}

/// How much of something is taken from outside.
struct IntakeConfiguration: Sendable, Equatable {
  /// Connections of the whole node.
  var connections = 18_000
  /// Files that may be open for them; no setting, but what the process is allowed.
  var files = Int.max
  /// Bytes of a request's body.
  var bodyBytes = 1_048_576
  /// Bytes of files that may be under way into the node.
  var uploadBytes = 134_217_728
  /// Bytes of long answers that may wait for their readers.
  var answerBytes = 134_217_728
  /// Bytes of a request's header lines.
  var headerBytes = 16_384
  /// How long a request's header may take to arrive.
  var headerTime: Milliseconds = 10_000
  /// How long a request's body may take to arrive.
  var bodyTime: Milliseconds = 30_000
  /// How long an idle connection without a socket is kept.
  var idleTime: Milliseconds = 60_000
  /// Bytes of one socket message.
  var frameBytes = 262_144
  /// Bytes that may wait for one session.
  var sendQueueBytes = 1_048_576
  /// Operations of one session that may be under way.
  var operationsInFlight = 128
  /// How long a socket may stay without `auth`.
  var authTime: Milliseconds = 10_000
  /// Between two pings of Engine.IO.
  var pingInterval: Milliseconds = 25_000
  /// How long the answer to a ping of Engine.IO may take.
  var pingTimeout: Milliseconds = 20_000
  /// Bytes of one frame or body of Engine.IO.
  var payloadBytes = 1_000_000
  /// Whether permessage-deflate is offered.
  var deflate = false
}

/// How often something may be done; all nodes count together, through Redis.
struct RateConfiguration: Sendable, Equatable {
  /// Messages, edits and reactions of one user.
  var send = Rate(count: 500, per: 1_000, burst: 1_000)
  /// Requests of one user that read.
  var read = Rate(count: 500, per: 1_000, burst: 2_000)
  /// Other changes of one user.
  var write = Rate(count: 100, per: 1_000, burst: 600)
  /// Searches of one user.
  var search = Rate(count: 5, per: 1_000, burst: 60)
  /// Deliveries to the members of one crowd.
  var fanOut = Rate(count: 500_000, per: 1_000, burst: 1_000_000)
  /// Registrations from one address.
  var register = Rate(count: 20, per: 3_600_000, burst: 20)
  /// Failed sign-ins of one account from one address; ten times as many from all.
  var signInAccount = Rate(count: 10, per: 900_000, burst: 10)
  /// Failed sign-ins from one address.
  var signInAddress = Rate(count: 100, per: 900_000, burst: 100)
}

/// What is logged, and how.
struct LogConfiguration: Sendable, Equatable {
  /// Lines below this are not written.
  var level = LogLevel.info
  /// How a line looks.
  var format = LogFormat.json
}

/// Where traces go, and which; nowhere when nothing is said.
struct TracingConfiguration: Sendable, Equatable {
  /// A collector that speaks OTLP over HTTP.
  var endpoint: String?
  /// Whose certificates are believed; nil trusts what the system trusts.
  var authorityFile: String?
  /// How many of ten thousand requests are traced whose sender says nothing of it.
  var share = 100
}

/// What has to be equal on all nodes: a token or a cursor of one must mean the same to the others.
struct SharedConfiguration: Sendable, Equatable {
  /// `iss` of access tokens.
  var tokenIssuer = "martlet"
  /// `aud` of access tokens.
  var tokenAudience = "martlet"
  /// How long an access token lives.
  var tokenLifetimeSeconds = 900
  /// What all keys and topics in Redis begin with.
  var redisPrefix = TopicNames.standard.prefix
  /// The domain's limits.
  var limits = Limits()
  /// Between two pings of a socket.
  var heartbeat: Milliseconds = 25_000
  /// How long after a ping a socket may be silent.
  var heartbeatTimeout: Milliseconds = 20_000
}

/// How much a log says; what is below the chosen level is not written.
enum LogLevel: String, Sendable, CaseIterable, Comparable {
  case debug, info, warning, error

  /// Orders levels by urgency.
  static func < (left: LogLevel, right: LogLevel) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

/// How a log line looks: for machines or for eyes.
enum LogFormat: String, Sendable, CaseIterable {
  case json, text
}
