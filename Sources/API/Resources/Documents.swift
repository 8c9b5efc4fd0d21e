import ChatCore
import HTTP1
import JSONText

/// `/v1/info`, `/openapi.json`, `/asyncapi.json` and the public keys: what the service says of itself.
enum Documents {
  /// What a client may build on; raised when something is added to the wire.
  static let apiLevel: Int64 = 1
  /// How long anyone may keep keys and description, in seconds; a new key is to be announced longer before it signs.
  private static let keptSeconds = 300

  static func rows(
    _ limits: Limits, version: String, asyncAPI: [UInt8], keys: @escaping @Sendable () -> JSONValue
  ) -> [Endpoint] {
    [info(limits, version: version), jwks(keys), self.asyncAPI(asyncAPI)]
  }

  private static let infoShape = Shape(
    "Info",
    [
      Schemas.text("name", "Always martlet."), Schemas.text("version", "The version of the node that answers."),
      .integer("api_level", .required, 1...JSONLimits.integerMax, "Raised when something is added to the wire."),
      .integer("lobby", .required, .ids, "The public conversation that is always there."),
      .map(
        "limits", .required, names: .string(bytes: 1...64), values: .integer(0...JSONLimits.integerMax), count: 0...100,
        "What is refused past them."),
    ])

  private static func info(_ limits: Limits, version: String) -> Endpoint {
    let answer = Answer.json(.ok) { writer in
      writer.object { writer in
        writer.member("name", "martlet")
        writer.member("version", version)
        writer.member("api_level", apiLevel)
        writer.member("lobby", Lobby.id.rawValue)
        writer.key("limits")
        writer.object { writer in
          writer.member("text_bytes", limits.textBytesMax)
          writer.member("client_message_id_bytes", limits.clientMessageIDBytesMax)
          writer.member("username_bytes", limits.usernameBytesMax)
          writer.member("display_name_bytes", limits.displayNameBytesMax)
          writer.member("email_bytes", limits.emailBytesMax)
          writer.member("avatar_url_bytes", limits.avatarURLBytesMax)
          writer.member("attributes", limits.attributesMax)
          writer.member("attribute_bytes", limits.attributeBytesMax)
          writer.member("device_bytes", limits.deviceBytesMax)
          writer.member("password_bytes_min", limits.passwordBytesMin)
          writer.member("password_bytes_max", limits.passwordBytesMax)
          writer.member("title_bytes", limits.titleBytesMax)
          writer.member("members_per_request", limits.membersPerRequestMax)
          writer.member("group_members", limits.groupMembersMax)
          writer.member("public_members", limits.publicMembersMax)
          writer.member("emoji_bytes", limits.emojiBytesMax)
          writer.member("reactions_per_message", limits.reactionsPerMessageMax)
          writer.member("signal_members", limits.signalMembersMax)
          writer.member("file_bytes", limits.fileBytesMax)
          writer.member("file_quota_bytes", limits.fileQuotaBytes)
          writer.member("attachments", limits.attachmentsMax)
          writer.member("page", limits.pageMax)
          writer.member("resume_limit", limits.resumeEntriesMax)
        }
      }
    }
    return Endpoint(
      .get, "/v1/info", "showInfo", "Version and limits.", access: .open, rate: .none,
      answers: [.init(200, infoShape, "What is served.")]
    ) { _ async throws(ChatError) in answer }
  }

  private static func jwks(_ keys: @escaping @Sendable () -> JSONValue) -> Endpoint {
    let shape = Shape("KeySet", [.array("keys", .required, of: .any, count: 0...100, "JSON Web Keys.")])
    return Endpoint(
      .get, "/.well-known/jwks.json", "showKeys", "The public keys that verify access tokens (RFC 7517).",
      access: .open, rate: .none, answers: [.init(200, shape, "The keys.")]
    ) { _ async throws(ChatError) in .json(.ok) { $0.value(keys()) }.kept(forSeconds: keptSeconds) }
  }

  private static let documentRows: [Field] = [
    Schemas.text("openapi", "The version of OpenAPI."), .any("info", .required, "What is described."),
    .any("servers", .required, "Where."), .any("paths", .required, "The rows."),
    .any("components", .required, "The schemas."),
  ]

  /// The row of the document that describes the other rows and itself.
  static func openAPI(_ rows: [Endpoint], version: String) -> Endpoint {
    openAPI(OpenAPI.document(rows + [openAPI([])], version: version).bytes)
  }

  private static func openAPI(_ document: [UInt8]) -> Endpoint {
    served(
      document, "/openapi.json", "showOpenAPI", "This document.",
      .init(200, Shape("OpenAPI", documentRows), "OpenAPI 3.1."))
  }

  private static func asyncAPI(_ document: [UInt8]) -> Endpoint {
    let rows: [Field] = [
      Schemas.text("asyncapi", "The version of AsyncAPI."), .any("info", .required, "What is described."),
      Schemas.text("defaultContentType", "Of every message."), .any("servers", .required, "Where."),
      .any("channels", .required, "The socket and its messages."), .any("operations", .required, "Who says what."),
      .any("components", .required, "The schemas; those of REST are in /openapi.json."),
    ]
    return served(
      document, "/asyncapi.json", "showAsyncAPI", "The document that describes the socket.",
      .init(200, Shape("AsyncAPI", rows), "AsyncAPI 3."))
  }

  private static func served(
    _ document: [UInt8], _ path: String, _ name: String, _ summary: String, _ answer: Endpoint.AnswerRow
  ) -> Endpoint {
    Endpoint(.get, path, name, summary, access: .open, rate: .none, answers: [answer]) { _ async throws(ChatError) in
      .bytes(.ok, document, "application/json; charset=utf-8").kept(forSeconds: keptSeconds)
    }
  }
}
