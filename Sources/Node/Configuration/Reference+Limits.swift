import ChatCore

extension Reference {
  /// Limits that clients rely on: equal on all nodes, and shown by `GET /v1/info`.
  static let limits: [Setting] = [
    .number(
      "LIMIT_TEXT_BYTES", \.shared.limits.textBytesMax, 1...65_536, unit: "UTF-8 bytes", shared: true,
      reason: "A message's text: four pages of prose."),
    .number(
      "LIMIT_GROUP_MEMBERS", \.shared.limits.groupMembersMax, 2...1_000, unit: "members", shared: true,
      reason: "Of a group: one transaction locks the buckets of all who are added."),
    .number(
      "LIMIT_SIGNAL_MEMBERS", \.shared.limits.signalMembersMax, 2...1_000, unit: "members", shared: true,
      reason: "Up to which typing, read marks, and coming and going by foreign wires are told; more are a crowd."),
    .number(
      "LIMIT_RESUME_ENTRIES", \.shared.limits.resumeEntriesMax, 1...10_000, unit: "entries a conversation",
      shared: true,
      reason: "What a resume sends of one conversation; who misses more pages the history."),
    .number(
      "LIMIT_CONVERSATIONS", \.shared.limits.conversationsPerUserMax, 1...100_000, unit: "conversations a user",
      shared: true,
      reason: "Past it he makes and joins none, past three quarters others add him to none: one answer to a resume."),
    .number(
      "LIMIT_SESSIONS", \.shared.limits.sessionsPerUserMax, 1...10_000, unit: "sign-in sessions a user", shared: true,
      reason: "Past it the oldest ends."),
    .number(
      "LIMIT_PAGE", \.shared.limits.pageMax, 50...1_000, unit: "items", shared: true,
      reason: "Of one page; more is refused, not cut. A page has 50 when nobody says."),
    .number(
      "LIMIT_CONTACTS", \.shared.limits.contactsPerUserMax, 1...50_000, unit: "contacts a user", shared: true,
      reason: "Of any state, in one list; blocks go on to twice that."),
    .milliseconds(
      "CONTACT_TIMEOUT_MS", \.shared.limits.contactTimeout, 1_000...86_400_000, shared: true,
      reason: "How long one who is timed out by another may not write to him."),
    .number(
      "LIMIT_FILE_BYTES", \.shared.limits.fileBytesMax, 1_024...104_857_600, unit: "bytes", shared: true,
      reason: "Of a file: a photo of any camera; an upload is held in memory while it arrives."),
    .number(
      "LIMIT_FILE_QUOTA_BYTES", \.shared.limits.fileQuotaBytes, 1_024...1_125_899_906_842_624, unit: "bytes a user",
      shared: true, reason: "Of all files of one user, counted in the transaction that takes one more."),
    .milliseconds(
      "SESSION_IDLE_MS", \.shared.limits.sessionIdleMax, 60_000...31_536_000_000, shared: true,
      reason: "How long a sign-in session lives without a refresh."),
    .milliseconds(
      "HEARTBEAT_MS", \.shared.heartbeat, 100...300_000, shared: true,
      reason: "Between pings of a socket: below the 30 to 60 s after which home routers forget a connection."),
    .milliseconds(
      "HEARTBEAT_TIMEOUT_MS", \.shared.heartbeatTimeout, 100...300_000, shared: true,
      reason: "How long after a ping a socket may be silent before its session ends: a train's tunnel."),
  ]

  /// Limits that protect one node.
  static let intake: [Setting] = [
    .number(
      "LIMIT_CONNECTIONS", \.intake.connections, 1...1_000_000, unit: "connections",
      reason: "Of the node; at most what the process may open, less a reserve. 20,000 open files are a usual ceiling."),
    .number(
      "LIMIT_BODY_BYTES", \.intake.bodyBytes, 1_024...104_857_600, unit: "bytes",
      reason: "A request's body: the longest text, with every character escaped, several times."),
    .number(
      "LIMIT_UPLOADS_BYTES", \.intake.uploadBytes, 1_048_576...17_179_869_184, unit: "bytes",
      reason:
        "Of files under way into the node, by what they announce; past it they are refused, retryable. "
        + "An account has a quarter, an address half."),
    .number(
      "LIMIT_ANSWERS_BYTES", \.intake.answerBytes, 33_554_432...17_179_869_184, unit: "bytes",
      reason:
        "Of answers above 256 KiB until they are read, and a dialect's lists while they gather; "
        + "shares as with uploads."),
    .number(
      "LIMIT_HEADER_BYTES", \.intake.headerBytes, 1_024...262_144, unit: "bytes",
      reason: "A request's header lines: a token and what a balancer adds."),
    .milliseconds(
      "LIMIT_HEADER_TIME_MS", \.intake.headerTime, 100...600_000,
      reason: "For a request's header to arrive; who dribbles is not waited for."),
    .milliseconds(
      "LIMIT_BODY_TIME_MS", \.intake.bodyTime, 100...600_000,
      reason: "For a request's body to arrive, and for it or the reader of a long answer to stand still."),
    .milliseconds(
      "LIMIT_IDLE_TIME_MS", \.intake.idleTime, 100...3_600_000,
      reason: "For a connection between requests: longer than the balancer's, so that it is the one to close."),
    .number(
      "LIMIT_FRAME_BYTES", \.intake.frameBytes, 1_024...16_777_216, unit: "bytes",
      reason: "One message of a socket: a resume that names 10,000 conversations takes 220,000."),
    .number(
      "LIMIT_SEND_QUEUE_BYTES", \.intake.sendQueueBytes, 65_536...67_108_864, unit: "bytes a session",
      reason: "What may wait for a reader; past it he is told to come back and resume, never waited for."),
    .number(
      "LIMIT_IN_FLIGHT", \.intake.operationsInFlight, 1...10_000, unit: "operations a session",
      reason:
        "Under way at once; past it the socket is not read until one is answered. What one writer has in one commit."),
    .milliseconds(
      "LIMIT_AUTH_TIME_MS", \.intake.authTime, 100...600_000, reason: "For a socket to say who it is."),
    .milliseconds(
      "SOCKETIO_PING_INTERVAL_MS", \.intake.pingInterval, 100...50_000,
      reason: "Between pings by Socket.IO: below the minute after which balancers, and nodes, drop what is silent."),
    .milliseconds(
      "SOCKETIO_PING_TIMEOUT_MS", \.intake.pingTimeout, 100...300_000,
      reason: "How long the answer to such a ping may take: a phone's change of network."),
    .number(
      "SOCKETIO_PAYLOAD_BYTES", \.intake.payloadBytes, 1_024...16_777_216, unit: "bytes",
      reason: "One frame or body by Socket.IO; a million is what its clients expect."),
    .flag(
      "DEFLATE", \.intake.deflate,
      reason: "permessage-deflate for sockets: saves bandwidth, costs memory and time for each connection."),
  ]
}
