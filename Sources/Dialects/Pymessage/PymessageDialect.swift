import ChatCore
import JSONText

extension Dialect {
  /// Seed 003: a WebSocket of objects keyed by `type`, and one request.
  public static let pymessage = Dialect(
    name: "pymessage",
    carrier: .typedJSON,
    credential: Credential(requests: [], sockets: [], lifetime: 30 * 86_400, isProvenLater: true),
    ids: .integer,
    times: .zulu,
    options: [Option("message_from_non_friend", ["true", "false"], standard: "true")],
    routes: [],
    actions: PymessageActions.rows,
    refuse: Refusals(
      event: { [Words("error", ["error": .string($0.text)])] },
      missing: { _, _ in Refusal(400, "invalid request") },
      credential: { _, _ in Refusal(401, "endpoint not found") },
      unknown: Refusal(404, "endpoint not found"), malformed: Refusal(400, "invalid request")),
    deviations: [
      "PINs are kept as hashes, and wrong ones are counted: they were stored in clear, and could be tried for ever."
    ])
}
