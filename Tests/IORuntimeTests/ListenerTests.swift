import Foundation
import Testing

@testable import IORuntime

@Suite("A listener")
struct ListenerTests {
  @Test("two loops listen at one port, and both are given connections")
  func reusePort() async throws {
    let group = try EventLoopGroup(count: 2, name: "share")
    try group.start()
    defer {
      group.stop()
      group.join()
    }
    let first = try Listener(loop: group.loops[0], address: .ip(host: "127.0.0.1", port: 0))
    let second = try Listener(loop: group.loops[1], address: first.address)
    let counts = Box([0, 0])
    for (index, listener) in [first, second].enumerated() {
      try await listener.loop.submit {
        try listener.start { connection in
          #expect(connection.loop === listener.loop)
          counts.change { $0[index] += 1 }
        }
      }
    }
    var sockets: [PlainSocket] = []
    defer { for socket in sockets { socket.close() } }
    for _ in 0..<64 { sockets.append(try PlainSocket(to: first.address)) }
    #expect(try await eventually { counts.value.reduce(0, +) == 64 })
    #expect(counts.value.allSatisfy { $0 > 0 })
  }

  @Test("a port that is taken stops the start")
  func taken() async throws {
    try await withLoop { loop in
      var alone = ListenerOptions()
      alone.reusePort = false
      let first = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0), options: alone)
      #expect(throws: SystemError(call: "bind", code: EADDRINUSE)) {
        try Listener(loop: loop, address: first.address, options: alone)
      }
    }
  }

  @Test("whether a port is free is asked without listening, so that who connects meanwhile is refused")
  func free() async throws {
    try await withLoop { loop in
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      #expect(throws: SystemError(call: "bind", code: EADDRINUSE)) { try Listener.checkFree(listener.address) }
      listener.close()
      let any = SocketAddress.ip(host: "127.0.0.1", port: 0)
      let asking = try #require(try ListeningSocket.alone(at: any))
      defer { close(asking) }
      let address = try #require(SocketAddress(localOf: asking))
      #expect(throws: (any Error).self) { try PlainSocket(to: address).close() }
      try Listener.checkFree(any)
    }
  }

  @Test("a listener takes who waited before it was started; closed it refuses")
  func startAndClose() async throws {
    try await withLoop { loop in
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let accepted = Box<[Recorder]>([])
      let socket = try PlainSocket(to: listener.address)
      defer { socket.close() }
      #expect(accepted.value.isEmpty)
      try await loop.submit { try listener.start { accepted.value.append(Recorder($0)) } }
      #expect(try await eventually { accepted.value.count == 1 })
      try await loop.submit { listener.close() }
      #expect(throws: SystemError(call: "connect", code: ECONNREFUSED)) { try PlainSocket(to: listener.address) }
      #expect(accepted.value.first?.seen.ended == [])
    }
  }

  @Test("a connection that nobody begins is closed")
  func droppedConnection() async throws {
    try await withLoop { loop in
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      try await loop.submit { try listener.start { _ in } }
      let socket = try PlainSocket(to: listener.address)
      defer { socket.close() }
      #expect(socket.read() == [])
    }
  }

  @Test("without descriptors clients are closed at once and counted, accepting rests, and later all is well again")
  func exhausted() async {
    // In a process of its own: the limit is the whole process's.
    await #expect(processExitsWith: .success) {
      try await withLoop { loop in
        var options = ListenerOptions()
        options.restMilliseconds = 40
        let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0), options: options)
        let accepted = Box<[Recorder]>([])
        let refused = Box<[SystemError]>([])
        let unlucky = try PlainSocket(to: listener.address)
        let lucky = try PlainSocket(unconnected: ())
        let hoard = try takeAllDescriptors(limit: 256)
        try await loop.submit {
          try listener.start(refused: { refused.value.append($0) }) { accepted.value.append(Recorder($0)) }
        }
        try require(inTime { refused.value.map(\.code) == [EMFILE] })
        try require(unlucky.read() == [])
        try require(accepted.value.isEmpty)
        for descriptor in hoard { close(descriptor) }
        try lucky.connect(to: listener.address)
        try require(inTime { accepted.value.count == 1 })
      }
    }
  }
}

/// Ends the process of an exit test unless it holds.
private func require(_ holds: Bool, line: Int = #line) throws {
  guard holds else { throw SystemError(call: "line \(line)", code: 0) }
}

/// Waits without Task.sleep: Dispatch, which serves it, opens descriptors and ends the process when there are none.
private func inTime(_ holds: () -> Bool) -> Bool {
  for _ in 0..<8_000 where !holds() { usleep(1_000) }
  return holds()
}

/// Lowers the limit and opens what is left.
private func takeAllDescriptors(limit count: Int) throws -> [CInt] {
  var limits = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
  limits.rlim_cur = rlim_t(count)
  guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else {
    throw SystemError(call: "setrlimit")
  }
  var taken: [CInt] = []
  while case let descriptor = dup(0), descriptor >= 0 { taken.append(descriptor) }
  return taken
}
