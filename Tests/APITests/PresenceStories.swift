import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

@Suite("Who is there, as a client asks")
struct PresenceStories {
  @Test func `while Redis is away the answer is 503 and when to ask again, not that nobody is there`() async throws {
    let door = try await Door.open(presence: HalfKnown(knowsOne: false))
    let ada = door.stage.ada
    let reply = await door.send(.get, "/v1/presence?users=\(ada.user.rawValue)", as: ada)
    #expect(reply.summary == "503 presence_unavailable")
    #expect(reply.headers["Retry-After"] == "2")
    let stranger = await door.send(.get, "/v1/presence?users=\(door.stage.bob.user.rawValue)", as: ada)
    #expect(stranger.status == 200)
    #expect(stranger["presence"]?.array == [] && stranger["unknown"]?.array == [])
  }

  @Test func `while a part of it is away, those of whom nothing is known are named`() async throws {
    let door = try await Door.open(presence: HalfKnown(knowsOne: true))
    _ = try await door.stage.cast.direct()
    let users = [door.stage.ada.user, door.stage.bob.user].sorted()
    let asked = users.map { String($0.rawValue) }.joined(separator: ",")
    let reply = await door.send(.get, "/v1/presence?users=\(asked)", as: door.stage.ada)
    #expect(reply.status == 200)
    #expect(reply.each("presence", "user").map { $0?.integer } == [users[0].rawValue])
    #expect(reply["unknown"]?.array == [.integer(users[1].rawValue)])
  }
}

/// A directory that knows of the first that he is there, or of nobody anything.
private struct HalfKnown: PresenceDirectory {
  let knowsOne: Bool

  func attach(_ receiver: any PresenceReceiver) {}
  func arrived(_ user: UserID) {}
  func left(_ user: UserID) {}
  func watch(_ users: [UserID]) {}
  func unwatch(_ users: [UserID]) {}
  func presence(of users: [UserID]) async -> [Presence] {
    knowsOne ? users.sorted().prefix(1).map { Presence(user: $0, status: .online) } : []
  }
}
