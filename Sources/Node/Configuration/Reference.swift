/// Every setting there is, one row each: what is not here does not exist.
enum Reference {
  /// All rows, in the order in which they are shown.
  static let rows: [Setting] =
    serving + dependencies + files + secrets + work + limits + intake + rates + dialects + log + tracing

  static let serving: [Setting] = [
    .listen("LISTEN", \.serving.listen, reason: "Where clients and load balancers connect."),
    .listen(
      "PRIVATE_LISTEN", \.serving.privateListen,
      reason:
        "Where other nodes pass on requests of Socket.IO for sessions here; without it the balancer must be sticky."
    ),
    .listen(
      "PRIVATE_ADDRESS", \.serving.privateAddress,
      reason:
        "Where other nodes reach PRIVATE_LISTEN, if that is 0.0.0.0 or behind a translation; never the public one."
    ),
    .listen(
      "PROBE_LISTEN", \.serving.probeListen,
      reason:
        "Where /healthz, /readyz and /metrics are, without TLS; /metrics is then there only, and not before clients."),
    .word(
      "NODE_ID", \.serving.nodeID,
      reason: "Names the node in logs and metrics; made of the host's name and chance if left out."),
    .origins(
      "ORIGINS", \.serving.origins,
      reason: "Web pages that may call from a browser; none unless named, since a page acts for its visitor."),
    .networks(
      "TRUSTED_PROXIES", \.serving.trustedProxies,
      reason:
        "Load balancers whose X-Forwarded-For is believed; from all others it is ignored, since anybody can write it."),
    .path(
      "TLS_CERTIFICATE_FILE", \.serving.certificateFile,
      reason:
        "The chain in PEM, for TLS in the node; usually the edge does TLS. Read anew within 10 s of being replaced."),
    .path("TLS_KEY_FILE", \.serving.keyFile, reason: "The certificate's key in PEM."),
  ]

  static let dependencies: [Setting] = [
    .databaseURL(
      "DATABASE_URL", \.database.url,
      reason:
        "PostgreSQL: the truth. Of several hosts the one that accepts writing is taken; with "
        + "?load_balance_hosts=random connections are spread over all, as over the nodes of a Citus."),
    .number(
      "DATABASE_POOL", \.database.connectionsPerLoop, 1...64, unit: "connections a loop",
      reason: "Few are enough: independent statements share a connection's pipeline."),
    .milliseconds(
      "DATABASE_DEADLINE_MS", \.database.deadline, 100...5_000,
      reason: "How long an answer is waited for; a send is refused within 5 s when its database is down."),
    .number(
      "DATABASE_SCATTER_POOL", \.database.scatterConnections, 1...16, unit: "connections a loop",
      reason: "For statements over many buckets, so that no other waits behind them; one is left to urgent ones."),
    .databaseURL(
      "DATABASE_REPLICA_URL", \.database.replicaURL,
      reason: "Streaming standbys, by comma, that serve pages of the past when they have what the reader may know."),
    .number(
      "DATABASE_REPLICA_POOL", \.database.replicaConnections, 1...64, unit: "connections a loop and host",
      reason: "Pages share a connection's pipeline."),
    .milliseconds(
      "DATABASE_REPLICA_DEADLINE_MS", \.database.replicaDeadline, 10...4_000,
      reason: "How long a replica's page is waited for before the primary is asked: what a reader may lose by it."),
    .redisURL(
      "REDIS_URL", \.redis.url,
      reason: "What carries events between nodes, never the truth: one Redis, or some nodes of a Redis Cluster."),
    .path(
      "REDIS_CA_FILE", \.redis.authorityFile,
      reason: "Authorities in PEM that are believed for rediss:// and rediss+cluster://, else the system's."),
    .word(
      "REDIS_PREFIX", \.shared.redisPrefix, shared: true,
      reason: "What keys and topics begin with, so that two clusters can share a Redis."),
  ]

  static let files: [Setting] = [
    .serviceURL(
      "S3_URL", \.files.url, example: "https://s3.example.org/files", shared: true,
      reason: "The bucket of an S3-compatible service that keeps the bytes of files; else the database does."),
    .word("S3_REGION", \.files.region, reason: "The region that requests to it are signed for."),
    .word("S3_ACCESS_KEY", \.files.accessKey, reason: "Who we are there."),
    .text("S3_SECRET_KEY", \.files.secretKey, reason: "What signs our requests there."),
    .path(
      "S3_CA_FILE", \.files.authorityFile, reason: "Authorities in PEM that are believed there, else the system's."),
  ]

  static let secrets: [Setting] = [
    .signingKeys(
      "TOKEN_KEYS", \.secrets.tokenKeys,
      reason:
        "HS256 keys for access tokens: the first signs, all verify. A new one goes behind on all nodes, then in front."
    ),
    .privateKey(
      "TOKEN_KEY", \.secrets.tokenKey,
      reason:
        "A private key that signs access tokens instead, so that other services verify them without a secret."
    ),
    .word("TOKEN_ISSUER", \.shared.tokenIssuer, shared: true, reason: "iss of access tokens; another's are refused."),
    .word(
      "TOKEN_AUDIENCE", \.shared.tokenAudience, shared: true, reason: "aud of access tokens; another's are refused."),
    .number(
      "TOKEN_LIFETIME_S", \.shared.tokenLifetimeSeconds, 1...86_400, unit: "seconds", shared: true,
      reason: "How long an access token is good; short, since others verify it without asking us."),
    .key(
      "REFRESH_KEY", \.secrets.refreshKey, shared: true, reason: "The key that refresh tokens are made under."),
  ]

  static let work: [Setting] = [
    .number("LOOPS", \.work.loops, 1...256, unit: "event loops", reason: "One a core if left out."),
    .number(
      "PASSWORD_THREADS", \.work.passwordThreads, 1...64, unit: "threads",
      reason: "A password costs 26 ms of a core and 19 MB; these are taken from the loops."),
    .number(
      "PASSWORD_QUEUE", \.work.passwordQueue, 1...10_000, unit: "passwords",
      reason: "Those that may wait for a thread: 64 are a second and a half; past it sign-ins are refused, retryable."),
    .number(
      "DRAIN_GRACE_S", \.work.drainGraceSeconds, 0...3_600, unit: "seconds",
      reason:
        "How long a node that was told to go takes leave: its clients go one by one, so that no herd comes back."),
    .choice(
      "JOIN", \.work.join,
      reason:
        "equal: who differs from a living node in what is marked ≡ is refused; accept, for the roll that changes it."),
  ]

  static let log: [Setting] = [
    .choice(
      "LOG_LEVEL", \.log.level,
      reason:
        "Lines below it are not written; "
        + "debug has one for each operation and event of a socket, and each session's end."
    ),
    .choice("LOG_FORMAT", \.log.format, reason: "JSON lines for machines, text for eyes."),
  ]

  static let tracing: [Setting] = [
    .serviceURL(
      "OTLP_ENDPOINT", \.tracing.endpoint, example: "http://collector.example.org:4318",
      reason: "A collector of OpenTelemetry to which spans are posted, as JSON below /v1/traces; none without."),
    .path(
      "OTLP_CA_FILE", \.tracing.authorityFile,
      reason: "Authorities in PEM that are believed there, else the system's."),
    .number(
      "TRACE_SHARE", \.tracing.share, 0...10_000, unit: "of 10,000 requests",
      reason: "Those without a traceparent that are traced; one that comes with it says so itself."),
  ]

  static let rates: [Setting] = [
    .rate(
      "RATE_SEND", \.rates.send,
      reason: "Messages of one user; a bot may be busy, a loop may not run away."),
    .rate(
      "RATE_WRITE", \.rates.write,
      reason: "Other changes of one user, such as edits and joining: room for any client that is not a loop."),
    .rate(
      "RATE_READ", \.rates.read,
      reason:
        "Of one user: a client that starts reads a hundred things at once, "
        + "a dialect's whole list counts as up to 200, and no more than half of the burst."
    ),
    .rate(
      "RATE_SEARCH", \.rates.search,
      reason: "Searches of one user; each asks all shards."),
    .rate(
      "RATE_FAN_OUT", \.rates.fanOut,
      reason:
        "Deliveries of one conversation of over 256 members; a message is one to each a KiB: 50/s to 10,000."
    ),
    .rate(
      "RATE_REGISTER", \.rates.register,
      reason: "Registrations from one address: an office behind one address, not a farm."),
    .rate(
      "RATE_SIGN_IN_ACCOUNT", \.rates.signInAccount,
      reason:
        "Failed sign-ins of an account from one address, ten times as many from all; past it even the right one waits."
    ),
    .rate(
      "RATE_SIGN_IN_ADDRESS", \.rates.signInAddress,
      reason: "Failed sign-ins and refreshes from one address (of IPv6, a /64): who tries a list of names waits."),
  ]
}
