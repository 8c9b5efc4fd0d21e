import ChatCore
import Delivery
import JSONText
import MemoryAdapters
import Realtime
import TestKit
import Testing

@Suite struct SocketPresenceTests {
  private static func watch(_ users: [UserID], _ id: String = "w", _ operation: String = "presence.watch") -> String {
    let list = users.map { String($0.rawValue) }.joined(separator: ",")
    return #"{"id":"\#(id)","op":"\#(operation)","d":{"users":[\#(list)]}}"#
  }

  private static func heard(_ client: Client) -> [String] {
    client.frames.filter { $0["t"]?.string == "presence" }.compactMap { $0["d"]?["status"]?.string }
  }

  @Test func `who watches hears how one is now, and when he comes and goes, without a seq`() throws {
    let stage = try SocketStage()
    _ = try stage.group(members: [stage.bob])
    let ada = try stage.client(stage.ada)
    ada.send(Self.watch([stage.bob.id]))
    stage.time.run(for: 50)
    #expect(ada.reply("w")?["d"]?["users"]?.array == [.integer(stage.bob.id.rawValue)])
    #expect(Self.heard(ada) == ["offline"])
    let bob = try stage.client(stage.bob)
    stage.time.run(for: 2_000)
    #expect(Self.heard(ada) == ["offline", "online"])
    bob.session?.transportClosed()
    stage.time.run(for: 2_000)
    #expect(Self.heard(ada) == ["offline", "online", "offline"])
    let last = try #require(ada.frames.last { $0["t"]?.string == "presence" })
    #expect(last["d"]?["user"]?.integer == stage.bob.id.rawValue)
    #expect(last["d"]?["last_seen_at"]?.string?.utf8.count == 24)
    #expect(last["seq"] == nil && last["conv"] == nil)
    ada.send(Self.watch([stage.bob.id], "u", "presence.unwatch"))
    _ = try stage.client(stage.bob)
    stage.time.run(for: 2_000)
    #expect(ada.reply("u")?["ok"]?.bool == true)
    #expect(Self.heard(ada).count == 3)
  }

  @Test func `a stranger is left out of the answer and never told`() throws {
    let stage = try SocketStage()
    let (ada, _) = (try stage.client(stage.ada), try stage.client(stage.bob))
    ada.send(Self.watch([stage.bob.id]))
    stage.time.run(for: 3_000)
    #expect(ada.reply("w")?["d"]?["users"]?.array == [])
    #expect(Self.heard(ada).isEmpty)
  }

  @Test func `a session that would watch too many is told so, and watches as before`() throws {
    var limits = DeliveryLimits()
    limits.watchedMax = 1
    let stage = try SocketStage(delivery: limits)
    _ = try stage.group(members: [stage.bob])
    let ada = try stage.client(stage.ada)
    ada.send(Self.watch([stage.bob.id, stage.ada.id]))
    stage.time.run(for: 50)
    #expect(ada.code("w") == "invalid_request")
    #expect(ada.pointers("w") == ["/users"])
    #expect(Self.heard(ada).isEmpty)
  }

  @Test func `none, too many and what is no id are refused`() throws {
    let stage = try SocketStage()
    let ada = try stage.client(stage.ada)
    let many = (1...101).map { UserID(rawValue: $0) }
    for (number, text) in ["", "0", many.map { String($0.rawValue) }.joined(separator: ",")].enumerated() {
      ada.send(#"{"id":"\#(number)","op":"presence.watch","d":{"users":[\#(text)]}}"#)
      #expect(ada.pointers("\(number)") == [number == 1 ? "/users/0" : "/users"])
    }
  }

  @Test func `a deleted account's sockets are closed with 4501`() throws {
    let stage = try SocketStage()
    let (token, caller) = try stage.token(of: stage.bob)
    let bob = stage.connect(token: token)
    stage.time.run(for: 50)
    let chat = stage.chat
    _ = stage.time.finish { try? await DeleteAccount(password: nil).run(in: chat, as: caller) }
    stage.time.run(for: 50)
    #expect(bob.closed?.code == 4501)
  }
}
