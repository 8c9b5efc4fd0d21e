import SocketIO
import Testing

/// Calls and what is to be done then; a client begins at 1,000 and has 500 ms to come in.
@Suite struct SocketMachineTests {
  private static func machine() -> SocketMachine {
    SocketMachine(limits: SocketLimits(connectTimeout: 500, namespacesMax: 2), at: 1000)
  }

  private static func joined(_ namespaces: String...) -> SocketMachine {
    var client = machine()
    for namespace in namespaces {
      #expect(client.received(SocketPacket(.connect, namespace: namespace)) == .ask(namespace: namespace, auth: []))
      #expect(client.accept(namespace, sid: "s") == .connected(namespace, sid: "s"))
    }
    return client
  }

  private static func arguments(_ packet: SocketPacket) throws -> SocketArguments {
    try #require(packet.event?.arguments ?? packet.answer)
  }

  @Test("a client asks, is let in, and its events are told")
  func events() throws {
    var client = Self.machine()
    let auth = Array(#"{"token":"x"}"#.utf8)
    #expect(client.received(SocketPacket(.connect, payload: auth)) == .ask(namespace: "/", auth: auth))
    #expect(client.isJoined("/") == false)
    #expect(client.accept("/", sid: "s") == .connected("/", sid: "s"))
    #expect(client.isJoined("/") == true)
    #expect(client.accept("/", sid: "t") == nil, "once")
    let event = SocketPacket.event("say", [Array("1".utf8)], id: 7)
    #expect(
      client.received(event)
        == .event(namespace: "/", name: "say", arguments: try Self.arguments(event), ackID: 7))
  }

  @Test("a client that comes in nowhere in time is closed; a refusal does not stop the clock")
  func timeout() {
    var client = Self.machine()
    #expect(client.received(SocketPacket(.connect, namespace: "/x")) == .ask(namespace: "/x", auth: []))
    #expect(client.refuse("/x", message: "no") == .refused("/x", message: "no"))
    #expect(client.refuse("/x", message: "no") == nil)
    #expect(client.timePassed(at: 1499) == false)
    #expect(client.timePassed(at: 1500) == true)
    #expect(client.received(SocketPacket(.connect)) == .nothing)
    var inTime = Self.joined("/")
    #expect(inTime.timePassed(at: 9000) == false)
  }

  @Test("namespaces are apart: leaving one leaves the other")
  func namespaces() throws {
    var client = Self.joined("/", "/custom")
    #expect(client.received(SocketPacket(.disconnect, namespace: "/custom")) == .left(namespace: "/custom"))
    #expect(client.received(SocketPacket(.disconnect, namespace: "/custom")) == .nothing)
    let event = SocketPacket.event("say", [])
    #expect(
      client.received(event)
        == .event(namespace: "/", name: "say", arguments: try Self.arguments(event), ackID: nil))
    #expect(client.received(.event("say", [], namespace: "/custom")) == .nothing, "it may have been under way")
    #expect(client.received(SocketPacket(.connect, namespace: "/custom")) == .ask(namespace: "/custom", auth: []))
    #expect(client.end() == ["/"])
  }

  @Test("an event before CONNECT, a second CONNECT and a server's packet break the protocol")
  func broken() {
    var early = Self.machine()
    #expect(early.received(.event("say", [])) == .broken)
    #expect(early.received(SocketPacket(.connect)) == .nothing, "and nothing counts any more")
    var asking = Self.machine()
    _ = asking.received(SocketPacket(.connect))
    #expect(asking.received(.event("say", [])) == .broken)
    var twice = Self.joined("/")
    #expect(twice.received(SocketPacket(.connect)) == .broken)
    var server = Self.joined("/")
    #expect(server.received(.refused("/", message: "no")) == .broken)
  }

  @Test("a client is in at most so many namespaces, those that it has left not counted")
  func namespaceLimit() {
    var client = Self.joined("/", "/a")
    #expect(client.received(SocketPacket(.connect, namespace: "/b")) == .broken)
    var moving = Self.joined("/")
    for number in 0..<50 {
      let name = "/n\(number)"
      #expect(moving.received(SocketPacket(.connect, namespace: name)) == .ask(namespace: name, auth: []))
      _ = moving.accept(name, sid: "s")
      #expect(moving.received(SocketPacket(.disconnect, namespace: name)) == .left(namespace: name))
    }
    #expect(moving.isJoined("/") == true)
  }

  @Test("an answer that nobody asked for is dropped, and one without a number or a list breaks the protocol")
  func acks() {
    var client = Self.joined("/", "/a")
    #expect(client.received(.ack(1, [Array("true".utf8)])) == .nothing)
    #expect(client.received(.ack(9, [], namespace: "/a")) == .nothing)
    #expect(client.received(SocketPacket(.ack, id: 1, payload: Array("{}".utf8))) == .broken)
  }

  @Test("a client that is sent out hears so, and what it still says is dropped")
  func sentOut() {
    var client = Self.joined("/")
    #expect(client.disconnect("/") == SocketPacket(.disconnect))
    #expect(client.disconnect("/") == nil)
    #expect(client.received(.event("say", [])) == .nothing)
    #expect(client.end() == [])
  }
}
