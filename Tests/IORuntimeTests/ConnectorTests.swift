import Glibc
import IORuntime
import Testing

@Suite("Connecting")
struct ConnectorTests {
  private static func attempt(
    _ loop: EventLoop, _ address: SocketAddress, deadline: Int64 = 3_000
  ) async -> Result<Bool, ConnectError> {
    await withCheckedContinuation { continuation in
      loop.spawn {
        do throws(ConnectError) {
          let connection = try await loop.connect(to: address, deadline: deadline)
          continuation.resume(returning: .success(loop.inLoop && connection.isOpen))
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
  }

  @Test("a name is resolved, and async code goes on on its loop")
  func byName() async throws {
    try await withLoop { loop in
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let address = SocketAddress.ip(host: "localhost", port: listener.address.port ?? 0)
      #expect(try await Self.attempt(loop, address).get())
    }
  }

  @Test("a port that nobody listens at refuses")
  func refused() async throws {
    try await withLoop { loop in
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let address = listener.address
      try await loop.submit { listener.close() }
      let error = SystemAddressError(address: address, error: SystemError(call: "connect", code: ECONNREFUSED))
      #expect(await Self.attempt(loop, address) == .failure(.failed(error)))
    }
  }

  @Test("a name without an address is said by name")
  func unknownHost() async throws {
    try await withLoop { loop in
      let outcome = await Self.attempt(loop, .ip(host: "nobody.invalid", port: 1), deadline: 8_000)
      #expect(outcome == .failure(.unknownHost("nobody.invalid")))
    }
  }

  @Test("a deadline ends an attempt that nobody answers")
  func deadline() async throws {
    try await withLoop { loop in
      var options = ListenerOptions()
      options.backlog = 0
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0), options: options)
      // Nobody accepts: once the backlog is full the kernel ignores who knocks.
      var knocking: [PlainSocket] = []
      defer { for socket in knocking { socket.close() } }
      knocking.append(try PlainSocket(to: listener.address))
      #expect(await Self.attempt(loop, listener.address, deadline: 150) == .failure(.timedOut))
    }
  }

  @Test("the path of a Unix domain socket has 107 bytes, not one more")
  func pathLimit() async throws {
    try await withLoop { loop in
      let base = "/tmp/io-\(getpid())-"
      let longest = base + String(repeating: "x", count: 107 - base.utf8.count)
      defer { unlink(longest) }
      let listener = try Listener(loop: loop, address: .unix(path: longest))
      #expect(try await Self.attempt(loop, listener.address).get())
      #expect(throws: SystemError(call: "bind", code: ENAMETOOLONG)) {
        try Listener(loop: loop, address: .unix(path: longest + "x"))
      }
      let outcome = await Self.attempt(loop, .unix(path: longest + "x"))
      #expect(outcome == .failure(.unknownHost("unix:\(longest)x")))
    }
  }
}
