import Client
import HTTP1
import IORuntime
import Synchronization
import TestKit
import Testing

@testable import Peering

private let unknown = #"{"code":1,"message":"Session ID unknown"}"#

@Suite("Owners that do not answer as they should", .serialized, .timeLimit(.minutes(1)))
struct StrangeOwnerTests {
  @Test("a body whose fate is unknown is passed on once")
  func once() async throws {
    let stage = try await PeerStage()
    let owner = try await SilentOwner()
    stage.list("b", at: owner.address)
    try await onLoop { loop in
      let door = HTTPClient(loop: loop, address: stage.nodes[0].address)
      let seen5 = try await door.engine("b.x", post: "4pay").text
      #expect(seen5 == unknown)
      let seen6 = try await door.engine("b.x").text
      #expect(seen6 == unknown)
      #expect(owner.requests == 2)
      let seen7 = try await stage.nodes[0].counts().forwarded
      #expect(seen7 == [.lost: 2])
    }
    owner.loop.stop()
  }

  @Test("what an owner says beside his answer is no answer to the next request")
  func beside() async throws {
    let stage = try await PeerStage()
    let owner = try await SilentOwner(
      saying: ["ok", "no"].map { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n\($0)" }.joined())
    stage.list("b", at: owner.address)
    try await onLoop { loop in
      let door = HTTPClient(loop: loop, address: stage.nodes[0].address)
      for _ in 0..<3 {
        let text = try await door.engine("b.x", post: "4x").text
        #expect(text == "ok")
      }
    }
    owner.loop.stop()
  }
}

/// Takes requests, and closes without a word or says the same to each.
private final class SilentOwner: ConnectionHandler, @unchecked Sendable {
  let loop: EventLoop
  let address: SocketAddress
  private let count = Mutex(0)
  private let listener: Listener
  private var connections: [Connection] = []
  private let answer: String?

  var requests: Int { count.withLock { $0 } }

  init(saying answer: String? = nil) async throws {
    self.answer = answer
    loop = try EventLoop(name: "silent")
    listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    address = listener.address
    try loop.start()
    try await loop.submit { [self] in
      try listener.start { [self] connection in
        connections.append(connection)
        connection.begin(with: self)
      }
    }
  }

  func received(_ bytes: UnsafeRawBufferPointer) {
    count.withLock { $0 += 1 }
    if let answer { connections.last?.send(answer) } else { connections.last?.close() }
  }

  func ended(_ reason: ConnectionEnd) {}
}
