import ChatCore
import Delivery
import HTTP1
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import Dialects

/// What of seed 002 a story cannot tell on a stage that others have played on.
@Suite struct RealtimeDialectTests {
  @Test func `the room for everybody has its whole history, the oldest first, without what was deleted`() async throws {
    try await play(
      """
      ada > POST /api/messages as ${ada.token} {"content":"First"}
      ada < 201 {"id":"$m1","...":0}
      bob > POST /api/messages as ${bob.token} {"content":"Second"}
      bob < 201 {"id":"$m2","...":0}
      ada > POST /api/messages as ${ada.token} {"content":"Third"}
      ada < 201 {"id":"$m3","...":0}
      ada > POST /api/files as ${ada.token} {"filename":"a.pdf","file_url":"/a","file_size":1,"public_message_id":"$m3"}
      ada < 201 {"id":"$file","...":0}
      bob > DELETE /api/messages/${m2} as ${bob.token}
      bob < 200 {"message":"Message deleted"}
      bob > GET /api/messages as ${bob.token}
      bob < 200 {"messages":[{"id":"$m1","files":[],"...":0},{"id":"$m3","files":[{"id":"$file","...":0}],"...":0}]}
      """)
  }

  @Test func `all users are shown to anyone, without addresses, and none that is gone`() async throws {
    try await play(
      """
      eve > GET /api/users/
      eve < 200 {"users":[{"id":"$ada.id","email":"","...":0},{"id":"$bob.id","email":"","...":0}]}
      bob > DELETE /api/users/${bob.id} as ${bob.token}
      bob < 200 {"message":"User deleted successfully"}
      eve > GET /api/users/
      eve < 200 {"users":[{"id":"$ada.id","...":0}]}
      bob > GET /api/messages as ${bob.token}
      bob < 401 {"msg":"Token has been revoked","...":0}
      """)
  }

  @Test func `a token that was signed out opens no socket`() async throws {
    try await play(
      """
      ada > POST /api/auth/logout as ${ada.token}
      ada < 200 {"message":"Logout successful"}
      ada > CONNECT ?token=${ada.token}
      ada < REFUSED
      """)
  }

  @Test func `nobody online is an empty list, and two calls at once are answered together`() async throws {
    try await play(
      """
      ada > CONNECT (Authorization: Bearer ${ada.token})
      ada < CONNECTED
      ada < ["connected",{"message":"Welcome ada!"}]
      ada > ["get_online_users"]
      ada > ["get_online_users"]
      ada < ["online_users",{"users":[]}]
      ada > ["get_online_users"]
      ada < ["online_users",{"users":[]}]
      """)
  }

  @Test func `the roll names more than one answer holds`() async throws {
    let stage = MemoryStage(.realtime)
    let count = RollCall.usersPerAnswerMax + 2
    var last: (any TranscriptSocket)?
    for number in 0..<count {
      last = try await connect(try token(of: "user\(number)", on: stage), on: stage)
      try await last?.send(["join_public"])
    }
    try await last?.send(["get_online_users"])
    while let frame = try await last?.next() {
      guard frame[0] == "online_users" else { continue }
      let users = try #require(frame[1]?["users"]?.array)
      #expect(Set(users.compactMap { $0["username"]?.string }).count == count)
      return
    }
    Issue.record("no answer came")
  }

  @Test func `who comes back under his secret is in his rooms again, and all inside hear it`() async throws {
    let stage = MemoryStage(.realtime)
    let (ada, bob) = (try token(of: "ada", on: stage), try token(of: "bob", on: stage))
    let first = try #require(try await connect(ada, on: stage))
    let watching = try #require(try await connect(bob, on: stage))
    for socket in [first, watching] { try await socket.send(["join_public"]) }
    let pid = try #require(first.pid)
    await first.close()
    let stranger = try #require(try await connect(bob, on: stage, pid: pid))
    #expect(stranger.session?.entered.isEmpty == true, "another's secret is worth nothing")
    let back = try #require(try await connect(ada, on: stage, pid: pid))
    #expect(back.session?.entered == [Lobby.id: 0])
    #expect(back.pid != pid)
    let told = try await all(watching).map { $0[1]?["message"]?.string ?? "" }
    #expect(told.suffix(2) == ["ada left the chat", "ada joined the chat"])
    let again = try #require(try await connect(ada, on: stage, pid: pid))
    #expect(again.session?.entered.isEmpty == true, "a secret is worth one return")
  }

  @Test func `who enters is told what comes after, although what was said before comes later`() async throws {
    let stage = MemoryStage(.realtime)
    let (ada, bob) = (try token(of: "ada", on: stage), try token(of: "bob", on: stage))
    let (first, late) = (
      try #require(try await connect(ada, on: stage)), try #require(try await connect(bob, on: stage))
    )
    let (adas, bobs) = (try #require(first.session?.user?.id), try #require(late.session?.user?.id))
    for text in ["1", "2"] {
      try await first.send([
        "send_private_message", ["other_user_id": .integer(bobs.rawValue), "content": .string(text)],
      ])
    }
    try await late.send(["join_private", ["other_user_id": .integer(adas.rawValue)]])
    let session = try #require(late.session)
    let (chat, head) = try #require(session.entered.first)
    #expect(head == 3)
    for seq in 2...5 {
      let frame = EncodedFrame(Words("said", ["seq": .integer(Int64(seq))]).text(in: .socketIO))
      let told = EncodedFrame([.init(audience: .inside(chat), frame: frame)], seq: Int64(seq))
      _ = session.deliver(try #require(told))
    }
    let heard = try await all(late).filter { $0[0] == "said" }.map { $0[1]?["seq"] }
    #expect(heard == [.integer(4), .integer(5)])
    // Who is inside stays so, whatever he sends: what is on its way to him is his.
    try await late.send(["send_private_message", ["other_user_id": .integer(adas.rawValue), "content": "3"]])
    #expect(session.entered == [chat: head])
    try await late.send(["leave_private", ["other_user_id": .integer(adas.rawValue)]])
    try await late.send(["join_private", ["other_user_id": .integer(adas.rawValue)]])
    #expect(session.entered == [chat: head + 1])
  }

  @Test func `a client that comes while the database is away may come again, one with a bad token may not`()
    async throws
  {
    let stage = MemoryStage(.realtime)
    let turnedAway = try #require(try await stage.connect("?token=away", [:], auth: nil) as? MemorySocket)
    #expect(turnedAway.isClosed)
    #expect(try await stage.connect("?token=nonsense", [:], auth: nil) == nil)
  }

  @Test func `what cannot be stored failed to be sent, and may be tried again`() {
    let away = ChatError.unavailable(.database, retryAfter: 1_000)
    for word in ["send_public_message", "send_private_message"] {
      let refusal = Dialect.realtime.refuse.words(away, word)
      #expect(refusal?.text == "Failed to send message")
      #expect(refusal?.retryAfter == 1_000)
    }
    #expect(Dialect.realtime.refuse.words(away, "join_private") == nil)
  }

  @Test func `who comes while the room for everybody is told too much is let in, and is told what is said there later`()
    async throws
  {
    var limits = Limits()
    (limits.signalMembersMax, limits.fanOutBurst, limits.fanOutPerSecond) = (1, 1, 0.1)
    let stage = MemoryStage(.realtime, limits: limits)
    var sockets: [MemorySocket] = []
    // With its host alone it is no crowd for the first; the second pays for it, the third from what is kept for those
    // who come, and for the fourth nothing is left.
    for name in ["ada", "bob", "eve", "dan"] {
      sockets.append(try #require(try await connect(try token(of: name, on: stage), on: stage)))
    }
    #expect(sockets.allSatisfy { !$0.isClosed })
    let members = {
      stage.time.finish { (try? await stage.world.members(of: Lobby.id, after: nil, limit: 9))?.map(\.username) ?? [] }
    }
    #expect(Set(members() ?? []) == [Lobby.host.username, "ada", "bob", "eve"])
    stage.time.run(for: 60_000)
    #expect(Set(members() ?? []) == [Lobby.host.username, "ada", "bob", "eve", "dan"])
    for socket in sockets { _ = try await all(socket) }
    for socket in sockets { try await socket.send(["join_public"]) }
    try await sockets[0].send(["send_public_message", ["content": "hi"]])
    #expect(try await all(sockets[3]).contains { $0[0] == "new_public_message" })
  }

  // MARK: The stage

  /// Plays a story of Ada and Bob, who have signed up and in.
  private func play(_ story: String) async throws {
    let stage = MemoryStage(.realtime)
    let users = try ["ada", "bob"].map { name in
      let user = NewUser(
        username: Username(stored: name), displayName: name, email: "\(name)@example.org", passwordHash: "plain:pw")
      let world = stage.world
      return (name, try #require(stage.time.finish { try? await world.register(user) }))
    }
    let opening = users.map { name, user in
      """
      \(name) > POST /api/auth/login {"username":"\(name)","password":"pw"}
      \(name) < 200 {"access_token":"$\(name).token","user":{"id":"$\(name).id","...":0},"...":0}

      """
    }
    try await TranscriptPlayer.play(try Transcript(opening.joined() + story), on: stage)
  }

  /// The token of somebody who has just signed up.
  private func token(of name: String, on stage: MemoryStage) throws -> String {
    let (world, chat) = (stage.world, stage.mount.chat)
    let user = NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: "plain:pw")
    let token = stage.time.finish {
      _ = try? await world.register(user)
      return try? await SignIn(username: name, password: "pw").run(in: chat).access.token
    }
    return try #require(token ?? nil)
  }

  private func connect(_ token: String, on stage: MemoryStage, pid: String? = nil) async throws -> MemorySocket? {
    let auth = pid.map { JSONValue.object(["pid": .string($0)]) }
    return try await stage.connect("?token=\(token)", [:], auth: auth) as? MemorySocket
  }

  private func all(_ socket: MemorySocket) async throws -> [JSONValue] {
    var frames: [JSONValue] = []
    while let frame = try await socket.next() { frames.append(frame) }
    return frames
  }
}
