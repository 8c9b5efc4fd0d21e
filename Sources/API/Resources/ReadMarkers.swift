import ChatCore
import HTTP1
import JSONText

/// `/v1/conversations/{conversation}/read`: how far the caller has read. Those of the others stand with the members.
enum ReadMarkers {
  static let rows = [mark]

  private static let mark = Endpoint(
    .put, "/v1/conversations/{conversation}/read", "markRead",
    "Moves the caller's read marker forward; what lies behind it changes nothing.", rate: .write,
    body: Shape("ReadChange", [.integer("seq", .required, 0...JSONLimits.integerMax, "Up to where.")]),
    answers: [.init(200, Schemas.readMarker, "The marker as it is now.")], refusals: [403]
  ) { call async throws(ChatError) in
    let conversation = try call.conversation()
    let command = MarkRead(conversation: conversation, seq: call.body.integer("seq") ?? 0)
    let seq = try await command.run(in: call.chat, as: call.caller())
    return .json(.ok) { writer in
      writer.object { writer in
        writer.member("conversation", conversation.rawValue)
        writer.member("seq", seq)
      }
    }
  }
}
