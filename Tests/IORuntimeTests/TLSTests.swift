import Foundation
import IORuntime
import TestKit
import Testing

@Suite("TLS")
struct TLSTests {
  /// An echo server with TLS and a client that trusts its certificate, or does not.
  private struct Scene {
    let listener: Listener
    let client: Recorder
    let accepted: Box<[Recorder]>

    init(
      _ loop: EventLoop, _ certificate: Certificate, host: String = "localhost", trusts: Bool = true,
      server: TLSServer? = nil, handshakeDeadline: Int64 = 5_000
    ) async throws {
      let server = try server ?? TLSServer(certificateChainFile: certificate.chain, keyFile: certificate.key)
      let authority = try TLSClient(authorityFile: trusts ? certificate.chain : nil)
      var options = ListenerOptions()
      options.connection.handshakeDeadline = handshakeDeadline
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0), options: options, tls: server)
      let accepted = Box<[Recorder]>([])
      let made = Box<Recorder?>(nil)
      try await loop.submit {
        try listener.start { accepted.value.append(Recorder($0, echoes: true)) }
        loop.connect(to: .ip(host: host, port: listener.address.port ?? 0), deadline: 5_000, tls: authority) {
          made.value = $0.map { Recorder($0) }.value
        }
      }
      #expect(try await eventually { made.value != nil })
      guard let client = made.value else { throw ConnectError.timedOut }
      self.listener = listener
      self.client = client
      self.accepted = accepted
    }
  }

  @Test("an echo over TLS is plain to both who use it", arguments: ["localhost", "127.0.0.1"])
  func echo(host: String) async throws {
    let certificate = try Certificate()
    try await withLoop { loop in
      let scene = try await Scene(loop, certificate, host: host)
      try await scene.client.act { $0.send("secret") }
      #expect(try await eventually { scene.client.text == "secret" })
      #expect(scene.accepted.value.first?.text == "secret")
      try await scene.client.act { $0.closeAfterFlush(deadline: 20_000) }
      #expect(try await eventually { scene.client.seen.ended == [.closedHere] })
      #expect(scene.accepted.value.first?.seen.ended == [.closedByPeer])
    }
  }

  @Test("megabytes cross TLS in order and under backpressure")
  func large() async throws {
    let certificate = try Certificate()
    try await withLoop { loop in
      let scene = try await Scene(loop, certificate)
      let bytes = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      try await scene.client.act { connection in
        connection.send("head")
        connection.send(bytes)
      }
      #expect(try await eventually { scene.client.seen.count == bytes.count + 4 })
      #expect(scene.client.seen.bytes == Array("head".utf8) + bytes)
      #expect(scene.client.seen.drained >= 1)
    }
  }

  @Test("a certificate of an unknown authority is refused by the client, and the server is told")
  func unknownAuthority() async throws {
    let certificate = try Certificate()
    try await withLoop { loop in
      let scene = try await Scene(loop, certificate, trusts: false)
      try await scene.client.act { $0.send("secret") }
      #expect(try await eventually { scene.client.seen.ended.count == 1 })
      guard case .insecure(let error) = scene.client.seen.ended.first else {
        Issue.record("ended as \(scene.client.seen.ended)")
        return
      }
      #expect(error.description.contains("self-signed"))
      #expect(try await eventually { scene.accepted.value.first?.seen.ended.count == 1 })
      #expect(scene.accepted.value.first?.seen.count == 0)
    }
  }

  @Test("a certificate made out to another name is refused")
  func otherName() async throws {
    let certificate = try Certificate()
    try certificate.make(name: "example.test")
    try await withLoop { loop in
      let scene = try await Scene(loop, certificate)
      #expect(try await eventually { scene.client.seen.ended.count == 1 })
      #expect("\(scene.client.seen.ended)".contains("hostname mismatch"))
    }
  }

  @Test("plain bytes at the door of TLS are refused, silence ends at the handshake's deadline")
  func notTLS() async throws {
    let certificate = try Certificate()
    try await withLoop { loop in
      let scene = try await Scene(loop, certificate)
      try await scene.client.act { $0.send("shaken hands") }
      #expect(try await eventually { scene.client.text == "shaken hands" })
      let plain = try PlainSocket(to: scene.listener.address)
      defer { plain.close() }
      _ = plain.write(Array("GET / HTTP/1.1\r\n\r\n".utf8))
      #expect(try await eventually { scene.accepted.value.count == 2 })
      #expect(try await eventually { "\(scene.accepted.value[1].seen.ended)".contains("insecure") })
      #expect(!"\(scene.accepted.value[1].seen.ended)".contains("took too long"))
      // Long enough for hands to be shaken on a busy machine.
      let hurried = try await Scene(loop, certificate, handshakeDeadline: 2_000)
      let silent = try PlainSocket(to: hurried.listener.address)
      defer { silent.close() }
      #expect(try await eventually { hurried.accepted.value.count == 2 })
      #expect(try await eventually { "\(hurried.accepted.value[1].seen.ended)".contains("took too long") })
      #expect(hurried.accepted.value[0].seen.ended.isEmpty)
      #expect(scene.accepted.value[0].seen.ended.isEmpty)
    }
  }

  @Test("files that have changed are read again for new connections; as long as one is broken the old is kept")
  func readingAgain() async throws {
    let certificate = try Certificate()
    let server = try TLSServer(certificateChainFile: certificate.chain, keyFile: certificate.key)
    try await withLoop { loop in
      #expect(try !server.readAgainIfChanged())
      try Data("garbage".utf8).write(to: URL(fileURLWithPath: certificate.key))
      for _ in 0..<2 { #expect(throws: TLSError.self) { try server.readAgainIfChanged() } }
      let before = try await Scene(loop, certificate, server: server)
      try await before.client.act { $0.send("one") }
      #expect(try await eventually { before.client.text == "one" })
      try certificate.make(name: "localhost")
      #expect(try server.readAgainIfChanged())
      let after = try await Scene(loop, certificate, server: server)
      try await after.client.act { $0.send("two") }
      #expect(try await eventually { after.client.text == "two" })
      try await before.client.act { $0.send(", still") }
      #expect(try await eventually { before.client.text == "one, still" })
      #expect(try !server.readAgainIfChanged())
    }
  }

  @Test("a certificate is replaced together with its key, whichever comes first and however they are put there")
  func replacing() throws {
    let (certificate, next) = (try Certificate(), try Certificate())
    let files = FileManager.default
    let place = NSTemporaryDirectory() + "/replaced-\(UUID().uuidString)"
    try files.createDirectory(atPath: place, withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: place) }
    let (chain, key) = (place + "/tls.crt", place + "/tls.key")
    for (link, file) in [(chain, certificate.chain), (key, certificate.key)] {
      try files.createSymbolicLink(atPath: link, withDestinationPath: file)
    }
    let server = try TLSServer(certificateChainFile: chain, keyFile: key)
    // As certbot and Kubernetes do: what a link leads to is another file.
    try files.removeItem(atPath: key)
    #expect(throws: TLSError.self) { try server.readAgainIfChanged() }
    try files.createSymbolicLink(atPath: key, withDestinationPath: next.key)
    #expect(throws: TLSError.self) { try server.readAgainIfChanged() }
    try files.removeItem(atPath: chain)
    try files.createSymbolicLink(atPath: chain, withDestinationPath: next.chain)
    #expect(try server.readAgainIfChanged())
  }

  @Test("files that cannot be read are said by name")
  func missingFiles() {
    #expect(throws: TLSError("certificate chain /nowhere.pem: No such file or directory")) {
      try TLSServer(certificateChainFile: "/nowhere.pem", keyFile: "/nowhere.key")
    }
  }

  @Test("http/1.1 is chosen by ALPN, and a client that offers only others is refused")
  func alpn() async throws {
    let certificate = try Certificate()
    try await withLoop { loop in
      let scene = try await Scene(loop, certificate)
      let port = scene.listener.address.port ?? 0
      #expect(try Self.handshake(port, offering: "h2,http/1.1").contains("ALPN protocol: http/1.1"))
      #expect(try !Self.handshake(port, offering: "h2").contains("ALPN protocol"))
      #expect(try Self.handshake(port, offering: "http/1.1", "-tls1_2").contains("TLSv1.2"))
    }
  }

  private static func handshake(_ port: UInt16, offering names: String, _ more: String...) throws -> String {
    let client = Process()
    client.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    client.arguments = ["openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-alpn", names] + more
    let output = Pipe()
    client.standardInput = FileHandle.nullDevice
    client.standardOutput = output
    client.standardError = FileHandle.nullDevice
    try client.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    client.waitUntilExit()
    return text
  }
}

extension Result {
  fileprivate var value: Success? { try? get() }
}
