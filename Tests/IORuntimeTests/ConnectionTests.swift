import Glibc
import IORuntime
import Testing

@Suite("A connection")
struct ConnectionTests {
  @Test("what is sent arrives, both ways")
  func echo() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop, serve: { Recorder($0, echoes: true) })
      try await pair.client.act { $0.send("hello") }
      #expect(try await eventually { pair.client.text == "hello" })
      #expect(pair.server.text == "hello")
    }
  }

  @Test("what is sent within one tick leaves in one system call")
  func corked() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop)
      try await pair.client.act { connection in
        for _ in 0..<100 { connection.send([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) }
        #expect(connection.queuedBytes == 1000)
      }
      #expect(try await eventually { pair.server.seen.count == 1000 })
      #expect(pair.server.seen.reads == 1)
      try await pair.client.act { #expect($0.queuedBytes == 0) }
    }
  }

  @Test("short and long pieces, copied and shared, keep their order")
  func orderOfPieces() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop)
      var expected: [UInt8] = []
      var pieces: [(copied: Bool, bytes: [UInt8])] = []
      for index in 0..<400 {
        let size = [1, 40, 2048, 2049, 30_000, 0][index % 6]
        pieces.append((index % 2 == 0, [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: size)))
        expected += pieces[index].bytes
      }
      let all = pieces
      try await pair.client.act { connection in
        for piece in all {
          piece.copied ? connection.send(piece.bytes.span.bytes) : connection.send(piece.bytes)
        }
      }
      #expect(try await eventually { pair.server.seen.count == expected.count })
      #expect(pair.server.seen.bytes == expected)
    }
  }

  @Test("an array that was sent in part keeps its place before what follows", arguments: [false, true])
  func partOfOneArray(followedByMuch: Bool) async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop)
      try await pair.server.act { $0.pauseReading() }
      let first = (0..<(12 << 20)).map { UInt8(truncatingIfNeeded: $0 >> 8) }
      try await pair.client.act { $0.send(first) }
      let waiting = try await loop.submit { pair.client.connection.queuedBytes }
      #expect(waiting > 0 && waiting < first.count)
      let next = [UInt8](repeating: 1, count: followedByMuch ? 100_000 : 3)
      try await pair.client.act { connection in
        connection.send(next)
        connection.send([UInt8](repeating: 2, count: 5_000))
      }
      try await pair.server.act { $0.resumeReading() }
      #expect(try await eventually { pair.server.seen.count == first.count + next.count + 5_000 })
      #expect(pair.server.seen.bytes == first + next + [UInt8](repeating: 2, count: 5_000))
    }
  }

  @Test("what the kernel holds for a peer that does not read has not been taken")
  func untaken() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop, serve: { Recorder($0, keepsBytes: false) })
      let client = pair.client.connection
      try await pair.server.act { $0.pauseReading() }
      try await pair.client.act { connection in
        connection.send([UInt8](repeating: 7, count: 12 << 20))
        #expect(connection.untakenBytes == 12 << 20)
      }
      let (untaken, queued) = try await loop.submit { (client.untakenBytes, client.queuedBytes) }
      #expect(queued > 0 && untaken > queued && untaken <= 12 << 20)
      try await pair.server.act { $0.resumeReading() }
      #expect(try await eventually { pair.server.seen.count == 12 << 20 })
      // The last bytes are acknowledged a moment after they have come.
      for _ in 0..<500 where try await loop.submit({ client.untakenBytes }) > 0 {
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(try await loop.submit { client.untakenBytes } == 0)
    }
  }

  @Test("a reader that pauses holds the sender up; when it reads again all of it arrives")
  func backpressure() async throws {
    try await withLoop { loop in
      var options = ConnectionOptions()
      options.queueMax = 64 * 1024 * 1024
      let pair = try await Pair(
        on: loop, clientOptions: options, serve: { Recorder($0, keepsBytes: false) }, call: { Recorder($0) })
      try await pair.server.act { $0.pauseReading() }
      let block = [UInt8](repeating: 7, count: 1 << 20)
      try await pair.client.act { connection in
        for _ in 0..<32 { connection.send(block) }
        #expect(connection.isCongested)
      }
      try await Task.sleep(for: .milliseconds(100))
      #expect(pair.client.seen.drained == 0)
      #expect(pair.server.seen.count == 0)
      let waiting = try await loop.submit { pair.client.connection.queuedBytes }
      #expect(waiting > 16 << 20)
      try await pair.server.act { $0.resumeReading() }
      #expect(try await eventually { pair.server.seen.count == 32 << 20 })
      #expect(try await eventually { pair.client.seen.drained == 1 })
      let congested = try await loop.submit { pair.client.connection.isCongested }
      #expect(!congested)
    }
  }

  @Test("a send queue at its limit is kept, one byte past it ends the connection")
  func queueLimit() async throws {
    try await withLoop { loop in
      var options = ConnectionOptions()
      options.queueMax = 1000
      let pair = try await Pair(on: loop, clientOptions: options)
      try await pair.client.act { $0.send([UInt8](repeating: 1, count: 1000)) }
      #expect(try await eventually { pair.server.seen.count == 1000 })
      try await pair.client.act { $0.send([UInt8](repeating: 1, count: 1001)) }
      #expect(try await eventually { pair.client.seen.ended == [.queueFull] })
      #expect(try await eventually { pair.server.seen.ended.count == 1 })
      #expect(pair.server.seen.count == 1000)
    }
  }

  @Test("close is told once, at the end of the tick, and nothing is sent or received after it")
  func closeOnce() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop)
      let client = pair.client
      try await client.act { connection in
        connection.close()
        #expect(!connection.isOpen)
        #expect(client.seen.ended.isEmpty)
        connection.send("late")
        connection.close()
        connection.closeAfterFlush(deadline: 5)
      }
      #expect(try await eventually { pair.server.seen.ended == [.closedByPeer] })
      try await Task.sleep(for: .milliseconds(20))
      #expect(client.seen.ended == [.closedHere])
      #expect(pair.server.seen.count == 0)
    }
  }

  @Test("a connection lets go of its handler when it is over")
  func noLeak() async throws {
    try await withLoop { loop in
      weak var gone: Recorder?
      do {
        let pair = try await Pair(on: loop)
        gone = pair.client
        try await pair.client.act { $0.close() }
        #expect(try await eventually { pair.server.seen.ended.count == 1 })
      }
      #expect(try await eventually { gone == nil })
    }
  }

  @Test("closing after the flush delivers all of it, although the peer was still talking")
  func closeAfterFlush() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop)
      let body = [UInt8](repeating: 3, count: 4 << 20)
      try await pair.client.act { $0.send([UInt8](repeating: 9, count: 100_000)) }
      try await pair.server.act { connection in
        connection.send(body)
        connection.closeAfterFlush(deadline: 5_000)
        connection.send("never")
      }
      #expect(try await eventually { pair.client.seen.ended == [.closedByPeer] })
      #expect(pair.client.seen.count == 4 << 20)
      #expect(try await eventually { pair.server.seen.ended == [.closedHere] })
    }
  }

  @Test("a peer that does not read is given up at the deadline of the flush")
  func flushDeadline() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop)
      try await pair.client.act { $0.pauseReading() }
      let body = [UInt8](repeating: 3, count: 12 << 20)
      try await pair.server.act { connection in
        connection.send(body)
        connection.closeAfterFlush(deadline: 60)
      }
      #expect(try await eventually { pair.server.seen.ended == [.flushTimedOut] })
    }
  }

  @Test("after its peer has finished a connection may go on sending")
  func halfClose() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop, serve: { Recorder($0, halfClose: .stayOpen) })
      try await pair.client.act { connection in
        connection.send("ask")
        connection.shutdownWrite()
      }
      #expect(try await eventually { pair.server.seen.finished == 1 })
      #expect(pair.server.text == "ask")
      try await pair.server.act { $0.send("answer") }
      #expect(try await eventually { pair.client.text == "answer" })
      try await pair.server.act { $0.shutdownWrite() }
      #expect(try await eventually { pair.client.seen.ended == [.closedHere] })
      #expect(try await eventually { pair.server.seen.ended == [.closedByPeer] })
    }
  }

  @Test("a reset by the peer is an error, also while reading is paused, and wakes the loop once")
  func reset() async throws {
    try await withLoop { loop in
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
      let accepted = Box<Recorder?>(nil)
      try await loop.submit {
        try listener.start { connection in
          accepted.value = Recorder(connection)
          connection.pauseReading()
        }
      }
      let plain = try PlainSocket(to: listener.address)
      #expect(try await eventually { accepted.value != nil })
      plain.reset()
      let expected = ConnectionEnd.failed(SystemError(call: "recv", code: ECONNRESET))
      #expect(try await eventually { accepted.value?.seen.ended == [expected] })
    }
  }

  @Test("a Unix domain socket carries the same")
  func unixSocket() async throws {
    try await withLoop { loop in
      let path = "/tmp/io-\(getpid())-\(UInt32.random(in: 0 ... .max)).sock"
      defer { unlink(path) }
      let pair = try await Pair(on: loop, at: .unix(path: path), serve: { Recorder($0, echoes: true) })
      try await pair.client.act { $0.send("local") }
      #expect(try await eventually { pair.client.text == "local" })
      let peer = try await loop.submit { pair.client.connection.peerAddress }
      #expect(peer == .unix(path: path))
    }
  }

  @Test("addresses are told as numbers")
  func addresses() async throws {
    try await withLoop { loop in
      let pair = try await Pair(on: loop)
      let (peer, local) = try await loop.submit {
        (pair.server.connection.peerAddress, pair.client.connection.localAddress)
      }
      #expect(peer?.host == "127.0.0.1")
      #expect(peer == local)
      #expect(SocketAddress.ip(host: "::1", port: 80).description == "[::1]:80")
    }
  }

  @Test("a loop that stops tells its connections")
  func loopStops() async throws {
    let pair = try await withLoop { try await Pair(on: $0) }
    #expect(pair.client.seen.ended == [.loopStopped])
    #expect(pair.server.seen.ended == [.loopStopped])
  }
}
