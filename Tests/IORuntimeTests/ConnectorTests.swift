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

  @Test("a connection comes from the address that was asked for, and from none that is not this machine's")
  func fromAddress() async throws {
    try await withLoop { loop in
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let own = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<String?, any Error>) in
        loop.execute {
          loop.connect(to: listener.address, deadline: 15_000, from: "127.0.0.77") { result in
            continuation.resume(with: result.map { $0.localAddress?.host })
          }
        }
      }
      #expect(own == "127.0.0.77")
      for wrong in ["192.0.2.1", "no address"] {
        let failed = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
          loop.execute {
            loop.connect(to: listener.address, deadline: 15_000, from: wrong) { result in
              if case .failure(.failed(let failure)) = result {
                continuation.resume(returning: failure.error.call == "bind")
              } else {
                continuation.resume(returning: false)
              }
            }
          }
        }
        #expect(failed, "\(wrong)")
      }
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
