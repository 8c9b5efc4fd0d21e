import ChatCore
import Delivery
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Dialects

extension Dialect {
  /// Greetings: `POST /greet/<id>` and the event `greet`, heard as `greeted`.
  static let sample = Dialect(
    name: "sample", carrier: .socketIO,
    credential: Credential(requests: [.bearer, .parameter("token")], sockets: [.parameter("token")], lifetime: 3_600),
    ids: .uuid, times: .microseconds,
    options: [Option("case", ["upper", "lower"], standard: "upper")],
    routes: [
      .on(.post, "/login", .open) { ask in
        let signedIn = try await ask.signIn(ask.require("username"), ask.require("password"))
        return .ok(["token": .string(signedIn.access.token), "id": ask.voice.id(signedIn.user.id)])
      },
      .on(.post, "/greet/<id>", .signedIn, .send) { ask in
        let message = try await ask.run(SendDirectMessage(to: ask.user(at: 0), text: ask.require("text"))).message
        return .created(shape(message, ask.voice))
      },
    ],
    actions: [
      .on("greet", .signedIn, .send) { ask in
        let command = SendDirectMessage(to: try ask.requireUser("to", "recipient_id"), text: try ask.require("text"))
        return .say("sent", ["id": ask.voice.id(try await ask.run(command).message.id)])
      }
    ],
    announce: { happening, voice in
      guard case .entry(let entry, let facts) = happening, case .messageCreated(let message) = entry.event,
        facts.kind == .direct
      else { return [] }
      return [Announcement(Words("greeted", shape(message, voice)), to: .others(than: message.sender.id))]
    },
    refuse: Refusals(
      missing: { member, _ in Refusal(400, "'\(member)' is required") },
      words: { error, _ in error == .notFound(.user) ? Refusal(400, "User not found") : nil }),
    deviations: ["Histories end at 10,000 messages."])

  private static func shape(_ message: Message, _ voice: Voice) -> JSONValue {
    ["id": voice.id(message.id), "text": .string(message.text), "at": voice.time(message.createdAt)]
  }
}

@Suite struct DialectSampleTests {
  private let story = """
    ada > POST /login form username=ada&password=pw
    ada < 200 {"token":"$ada.token","id":"$ada.id"}
    bob > POST /login?username=bob&password=pw
    bob < 200 {"token":"$bob.token","id":"$bob.id"}
    bob > CONNECT ?token=${bob.token}
    bob < CONNECTED
    ada > CONNECT ?token=${ada.token}
    ada < CONNECTED
    ada > POST /greet/${bob.id}?text=from+the+query as ${ada.token} {"text":"from the body"}
    ada < 201 {"id":"$m","text":"from the body","at":"$any"}
    bob < ["greeted",{"id":"$m","text":"from the body","at":"$any"}]
    ada > ["greet",{"recipient_id":"$bob.id","text":"hi"}]
    ada < ["sent",{"id":"$n"}]
    bob < ["greeted",{"id":"$n","text":"hi","at":"$any"}]
    ada > ["greet",{"to":"$bob.id"}]
    ada < ["error",{"message":"'text' is required"}]
    ada > ["nosuch",1]
    ada > POST /greet/00000000-0000-8000-8000-000000000000 as ${ada.token} {"text":"hi"}
    ada < 400 {"error":"User not found"}
    ada > POST /greet/${bob.id} as not.a.token {"text":"hi"}
    ada < 401 {"msg":"Token has expired","...":0}
    ada > GET /login
    ada < 405 (Allow: POST, OPTIONS) {"error":"Method not allowed"}
    ada > GET /nowhere
    ada < 404 {"error":"Not found"}
    """

  @Test func `the sample of the page works`() async throws {
    let stage = MemoryStage(.sample)
    let time = stage.time
    for name in ["ada", "bob"] {
      let world = stage.world
      let user = NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: "plain:pw")
      _ = time.finish { try? await world.register(user) }
    }
    try await TranscriptPlayer.play(try Transcript(story), on: stage)
  }
}
