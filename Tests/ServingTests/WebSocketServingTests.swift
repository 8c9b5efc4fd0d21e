import Glibc
import HTTP1
import IORuntime
import Testing
import WebSocket

@testable import Serving

/// A client of the tests: masks what it sends, reads what it is sent.
final class SocketClient {
  let plain: LoopbackClient
  let terms: DeflateTerms?
  private let deflater: MessageDeflater?
  private var parser: MessageParser
  private var heard: [String] = []

  init(_ test: TestServer, extensions: String? = nil, first: [UInt8] = []) throws {
    plain = try test.connect()
    let line = extensions.map { "Sec-WebSocket-Extensions: \($0)\r\n" } ?? ""
    plain.send(
      Array(
        ("GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Protocol: echo\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\(line)\r\n").utf8) + first)
    let answer = try #require(plain.readAnswer())
    #expect(answer.head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
    #expect(answer.head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    let agreed = answer.head.split(separator: "\r\n").filter { $0.hasPrefix("Sec-WebSocket-Extensions: ") }
    terms = DeflateTerms(parsing: agreed.map { String($0.dropFirst("Sec-WebSocket-Extensions: ".count)) })
    deflater = terms?.deflater(for: .client)
    let limits = MessageLimits(messageBytesMax: 1 << 24, inflationRatioMax: 2000)
    parser = MessageParser(role: .client, limits: limits, inflater: terms?.inflater(for: .client))
  }

  func send(_ opcode: Opcode, _ payload: [UInt8]) {
    var frame: [UInt8] = []
    if !opcode.isControl, let data = deflater?.deflate(payload) {
      FrameWriter.appendMasked(opcode, data, key: 0x1234_5678, to: &frame, isCompressed: true)
    } else {
      FrameWriter.appendMasked(opcode, payload, key: 0x1234_5678, to: &frame)
    }
    plain.send(frame)
  }

  func send(_ text: String) { send(.text, Array(text.utf8)) }

  /// The next thing heard, in words; nil at the end.
  func hear() -> String? {
    while heard.isEmpty {
      guard var bytes = plain.read(), !bytes.isEmpty else { return nil }
      bytes.withUnsafeMutableBytes { input in
        var offset = 0
        while true {
          switch parser.next(input, from: &offset) {
          case .needMore: return
          case .text(let payload): heard.append(String(decoding: payload.array(in: input), as: UTF8.self))
          case .binary(let payload): heard.append("binary \(payload.count)")
          case .ping(let payload): heard.append("ping \(payload.array(in: input))")
          case .pong(let payload): heard.append("pong \(payload.array(in: input))")
          case .close(let code, let reason): heard.append("close \(code?.rawValue ?? 0) \(reason)")
          case .failed(let failure): heard.append("failed \(failure.code)")
          }
        }
      }
    }
    return heard.removeFirst()
  }
}

extension OverSockets {
  @Suite("A WebSocket over real sockets", .serialized)
  struct WebSocketServingTests {
    func ends(_ test: TestServer, _ count: Int = 1) async throws -> [WebSocketEnd] {
      for _ in 0..<2_000 where test.handler.ends.value.count < count { try await Task.sleep(for: .milliseconds(10)) }
      return test.handler.ends.value
    }

    @Test("echoes messages, the one that came with the handshake first")
    func echo() async throws {
      let test = try await TestServer()
      var early: [UInt8] = []
      FrameWriter.appendMasked(.text, Array("early".utf8), key: 7, to: &early)
      let client = try SocketClient(test, first: early)
      #expect(client.hear() == "early")
      client.send("hello")
      #expect(client.hear() == "hello")
      client.send(.binary, Array(repeating: 1, count: 1 << 20))
      #expect(client.hear() == "binary 1048576")
      client.send(.ping, [9])
      #expect(client.hear() == "pong [9]")
      let report = try await test.report()
      #expect(report.webSockets == 1 && report.open == 1)
    }

    @Test("compressed when both want it")
    func compressed() async throws {
      let test = try await TestServer()
      let client = try SocketClient(test, extensions: "permessage-deflate; server_max_window_bits=10")
      #expect(client.terms == DeflateTerms(serverWindowBits: 10))
      for round in 1...20 {
        let text = String(repeating: "again and again ", count: round * 20)
        client.send(text)
        #expect(client.hear() == text)
      }
      client.send("short")
      #expect(client.hear() == "short")
    }

    @Test("closed by the client is answered with the same code, and told once")
    func closedByClient() async throws {
      let test = try await TestServer()
      let client = try SocketClient(test)
      client.send(.close, FrameWriter.closePayload(.goingAway, reason: "leaving"))
      #expect(client.hear() == "close 1001 ")
      #expect(client.hear() == nil)
      #expect(try await ends(test) == [.closedByClient(.goingAway, reason: "leaving")])
      client.plain.finishSending()
      #expect(try await test.until { $0.open == 0 && $0.webSockets == 0 })
      #expect(test.handler.ends.value.count == 1)
    }

    @Test("closed by the server says why, and is told once, soon")
    func closedHere() async throws {
      let test = try await TestServer()
      let client = try SocketClient(test)
      client.send("close")
      client.send("not heard any more")
      #expect(client.hear() == "close 4001 asked")
      #expect(client.hear() == nil)
      #expect(try await ends(test) == [.closedHere(4001)])
    }

    @Test("a broken protocol is answered with its code and counted")
    func broken() async throws {
      let test = try await TestServer()
      let client = try SocketClient(test)
      client.plain.send([0x81, 0x01, 0x61])
      #expect(client.hear() == "close 1002 client frame without mask")
      let text = try SocketClient(test)
      text.send(.text, [0xFF])
      #expect(text.hear() == "close 1007 text is not UTF-8")
      let big = try SocketClient(test)
      big.send(.binary, Array(repeating: 0, count: (1 << 20) + 1))
      #expect(big.hear() == "close 1009 message too big")
      #expect(try await ends(test, 3).count == 3)
      #expect(try await test.report().broken == [1002: 1, 1007: 1, 1009: 1])
    }

    @Test("a lost connection is told as lost")
    func lost() async throws {
      let test = try await TestServer()
      var client: SocketClient? = try SocketClient(test)
      client?.send("x")
      #expect(client?.hear() == "x")
      client = nil
      let end = try #require(try await ends(test).first)
      guard case .lost = end else {
        Issue.record("told as \(end)")
        return
      }
      #expect(try await test.until { $0.open == 0 && $0.webSockets == 0 })
    }

    @Test("reading can rest; nothing is lost or out of order")
    func paused() async throws {
      let test = try await TestServer()
      let client = try SocketClient(test)
      for round in 0..<5 {
        client.send("pause")
        for number in 0..<10 { client.send("\(round).\(number)") }
      }
      for round in 0..<5 {
        for number in 0..<10 { #expect(client.hear() == "\(round).\(number)") }
      }
    }

    @Test("one who sends much at once is read a share at a time, with others in between; nothing is lost or reordered")
    func shares() async throws {
      let test = try await TestServer()
      let (much, little) = (try SocketClient(test), try SocketClient(test))
      let (isHeld, isSent) = (Box(false), Box(false))
      test.loop.execute {
        isHeld.change { $0 = true }
        while !isSent.value { usleep(1_000) }
      }
      while !isHeld.value { usleep(1_000) }
      let all = (0..<200).map { "\($0)" }
      for (number, text) in all.enumerated() { much.send(number == 100 ? "pause" : text) }
      little.send("little")
      isSent.change { $0 = true }
      let expected = all.filter { $0 != "100" }
      for text in expected { #expect(much.hear() == text) }
      #expect(little.hear() == "little")
      let place = try #require(test.handler.texts.value.firstIndex(of: "little"))
      #expect(place <= WebSocketConnection.messagesAtOnce)
    }

    @Test("who sends much at once and hangs up is heard to the last of it", arguments: [false, true])
    func hangsUp(saysSo: Bool) async throws {
      let test = try await TestServer()
      var client: SocketClient? = try SocketClient(test)
      let (isHeld, isGone) = (Box(false), Box(false))
      test.loop.execute {
        isHeld.change { $0 = true }
        while !isGone.value { usleep(1_000) }
      }
      while !isHeld.value { usleep(1_000) }
      let all = (0..<200).map { "\($0)" }
      for text in all { client?.send(text) }
      if saysSo { client?.send(.close, FrameWriter.closePayload(.goingAway, reason: "")) }
      client = nil
      isGone.change { $0 = true }
      let ends = try await ends(test)
      #expect(ends.count == 1)
      if saysSo { #expect(ends == [.closedByClient(.goingAway, reason: "")]) }
      #expect(test.handler.texts.value == all)
    }

    @Test("who sends much and says his end in one read, as TLS may bring it, is answered all of it")
    func endsAtOnce() async throws {
      let test = try await TestServer()
      let client = try SocketClient(test)
      let socket = try #require(test.handler.sockets.value.first)
      let all = (0..<100).map { "\($0)" }
      try await test.loop.submit {
        var bytes: [UInt8] = []
        for text in all { FrameWriter.appendMasked(.text, Array(text.utf8), key: 7, to: &bytes) }
        bytes.withUnsafeMutableBytes { socket.received(UnsafeRawBufferPointer($0)) }
        #expect(socket.peerFinished() == .close)
        socket.close(nil)
      }
      for text in all { #expect(client.hear() == text) }
    }

    @Test("a flood of pings or pongs ends the socket, a few do not", arguments: [Opcode.ping, .pong])
    func controlFlood(opcode: Opcode) async throws {
      var limits = ServingLimits()
      limits.controlFramesPerSecondMax = 20
      let test = try await TestServer(limits: limits)
      let client = try SocketClient(test)
      for _ in 0..<10 { client.send(opcode, []) }
      client.send("still here")
      var heard = client.hear()
      while heard == "pong []" { heard = client.hear() }
      #expect(heard == "still here")
      for _ in 0..<50 { client.send(opcode, []) }
      while heard?.hasPrefix("close") == false { heard = client.hear() }
      #expect(heard == "close 1008 too many control frames")
      #expect(try await ends(test) == [.broken(ProtocolFailure(.policyViolation, "too many control frames"))])
    }

    @Test("the server's ping is answered and heard")
    func pinged() async throws {
      let test = try await TestServer()
      let client = try SocketClient(test)
      client.send("ping")
      #expect(client.hear() == "ping [1, 2, 3]")
      client.send(.pong, [1, 2, 3])
      for _ in 0..<2_000 where test.handler.pongs.value == 0 { try await Task.sleep(for: .milliseconds(10)) }
      #expect(test.handler.pongs.value == 1)
    }

    @Test("a handshake that is refused gets its status, one at another path is an ordinary request")
    func refusedHandshake() async throws {
      let test = try await TestServer()
      let client = try test.connect()
      let upgrade = "Host: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 12\r\n\r\n"
      client.send("GET /ws HTTP/1.1\r\n" + upgrade)
      let all = client.readToEnd()
      #expect(all.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n"))
      #expect(all.contains("Sec-WebSocket-Version: 13\r\n"))
      let other = try test.connect()
      other.send("GET /x HTTP/1.1\r\n" + upgrade)
      #expect(other.readAnswer()?.body == "GET ")
    }

    @Test("closeAll ends what is left after a drain")
    func closeAll() async throws {
      let test = try await TestServer()
      let client = try SocketClient(test)
      let finished = Box(false)
      let server = test.server
      try await test.loop.submit { server.drain { finished.change { $0 = true } } }
      client.send("still here")
      #expect(client.hear() == "still here")
      #expect(!finished.value)
      try await test.loop.submit { server.closeAll() }
      #expect(client.hear() == nil)
      #expect(try await test.until { $0.open == 0 })
      #expect(finished.value)
    }
  }
}
