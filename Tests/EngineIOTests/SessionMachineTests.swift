import EngineIO
import Testing

/// Calls and what is to be done then; a session begins at 1,000, pings after 300 ms, waits 200 ms.
@Suite struct SessionMachineTests {
  static let limits = EngineLimits(
    pingInterval: 300, pingTimeout: 200, maxPayload: 100, upgradeTimeout: 150, closingTimeout: 100, queueBytesMax: 200,
    queuePacketsMax: 20)

  private static func machine(_ version: EngineVersion = .v4, isSocket: Bool = false) -> SessionMachine {
    SessionMachine(version: version, isSocket: isSocket, limits: limits, at: 1000)
  }

  private static func text(_ text: String) -> EnginePacket { .text(Array(text.utf8)) }

  // MARK: Polling

  @Test("a poll waits until something is sent, and gets all of it at the end of the tick")
  func pollWaits() {
    var session = Self.machine()
    #expect(session.pollArrived(at: 1001) == .wait)
    #expect(session.flush() == .nothing)
    #expect(session.send(Self.text("a")) == .flush)
    #expect(session.send(.binary([1])) == .flush)
    #expect(session.flush() == .answer([Self.text("a"), .binary([1])]))
    #expect(session.flush() == .nothing)
    #expect(session.pollArrived(at: 1002) == .wait)
  }

  @Test("what was sent before a poll is its answer, sixteen packets at a time")
  func pollLimit() {
    var session = Self.machine()
    for number in 0..<17 { #expect(session.send(Self.text("\(number)")) == .flush) }
    #expect(session.pollArrived(at: 1001) == .answer((0..<16).map { Self.text("\($0)") }))
    #expect(session.pollArrived(at: 1002) == .answer([Self.text("16")]))
    #expect(session.pollArrived(at: 1003) == .wait)
  }

  @Test("an answer has no more bytes than a payload may, unless one packet has them alone")
  func pollBytes() {
    var session = Self.machine()
    for letter in ["a", "b", "c"] { _ = session.send(Self.text(String(repeating: letter, count: 59))) }
    #expect(session.pollArrived(at: 1001) == .answer([Self.text(String(repeating: "a", count: 59))]))
    #expect(session.queuedBytes == 120)
    var large = Self.machine()
    _ = large.send(.binary([UInt8](repeating: 0, count: 150)))
    #expect(large.pollArrived(at: 1001) == .answer([.binary([UInt8](repeating: 0, count: 150))]))
  }

  @Test("a second poll beside a pending one ends the session; the first is answered")
  func overlap() {
    var session = Self.machine()
    #expect(session.pollArrived(at: 1001) == .wait)
    #expect(session.pollArrived(at: 1002) == .overlap(.init(reason: .overlap, pollAnswer: [.close])))
    #expect(session.isGone == true)
    #expect(session.pollArrived(at: 1003) == .refuse(.unknownSession))
    #expect(session.postArrived(at: 1003) == .refuse(.unknownSession))
  }

  @Test("messages are delivered, and the client's good-bye ends the pending poll with a noop")
  func receiving() {
    var session = Self.machine()
    #expect(session.postArrived(at: 1001) == .take)
    #expect(session.received(Self.text("a"), at: 1001) == .deliver)
    #expect(session.received(.binary([]), at: 1001) == .deliver)
    #expect(session.received(.noop, at: 1001) == .nothing)
    #expect(session.received(.upgrade, at: 1001) == .nothing)
    #expect(session.pollArrived(at: 1001) == .wait)
    #expect(session.received(.close, at: 1002) == .end(.init(reason: .closedByClient, pollAnswer: [.noop])))
    #expect(session.received(Self.text("late"), at: 1003) == .nothing)
    #expect(session.send(Self.text("late")) == .drop)
  }

  @Test("what a client never sends ends the session", arguments: [EnginePacket.open([]), .ping([]), .ping([1])])
  func wrongDirection(packet: EnginePacket) {
    var session = Self.machine()
    #expect(session.received(packet, at: 1001) == .end(.init(reason: .protocolError, pollAnswer: nil)))
    var socket = Self.machine(isSocket: true)
    #expect(socket.received(packet, at: 1001) == .end(.init(reason: .protocolError, pollAnswer: nil)))
    var garbage = Self.machine()
    #expect(garbage.garbageArrived() == .init(reason: .protocolError, pollAnswer: nil))
    #expect(garbage.garbageArrived() == nil)
  }

  @Test("a poll whose client is lost ends the session, once")
  func cancelled() {
    var session = Self.machine()
    #expect(session.pollArrived(at: 1001) == .wait)
    #expect(session.transportLost() == .init(reason: .transportLost, pollAnswer: nil))
    #expect(session.transportLost() == nil)
    #expect(session.pollArrived(at: 1002) == .refuse(.unknownSession))
  }

  @Test("what waits is bounded in bytes and in packets")
  func overflow() {
    var bytes = Self.machine()
    #expect(bytes.send(.binary([UInt8](repeating: 0, count: 199))) == .flush)
    #expect(bytes.send(Self.text("")) == .overflow(.init(reason: .overflow, pollAnswer: nil)))
    var packets = Self.machine()
    for _ in 0..<20 { #expect(packets.send(Self.text("")) == .flush) }
    #expect(packets.send(Self.text("")) == .overflow(.init(reason: .overflow, pollAnswer: nil)))
    #expect(packets.isGone == true)
    #expect(packets.queuedBytes == 0)
  }

  // MARK: Heartbeat

  @Test("the server pings when the interval has passed, and again after the pong")
  func heartbeat() {
    var session = Self.machine()
    #expect(session.deadline == 1300)
    #expect(session.timePassed(at: 1299) == .nothing)
    #expect(session.timePassed(at: 1300) == .flush)
    #expect(session.deadline == 1500)
    #expect(session.pollArrived(at: 1310) == .answer([.ping([])]))
    #expect(session.received(.pong([]), at: 1320) == .nothing)
    #expect(session.deadline == 1620)
    #expect(session.received(.pong([]), at: 1400) == .nothing, "a pong that nobody asked for changes nothing")
    #expect(session.deadline == 1620)
  }

  @Test("a session whose pong is missing is gone at the very deadline, for polls and bodies and by the timer")
  func timeout() {
    func late() -> SessionMachine {
      var session = Self.machine()
      // The timer fires a little late; the deadline counts from when the ping was due.
      #expect(session.timePassed(at: 1305) == .flush)
      #expect(session.deadline == 1500)
      return session
    }
    let ending = SessionMachine.Ending(reason: .pingTimeout, pollAnswer: nil)
    var alive = late()
    #expect(alive.postArrived(at: 1499) == .take)
    var polled = late()
    #expect(polled.pollArrived(at: 1500) == .over(ending))
    var posted = late()
    #expect(posted.postArrived(at: 1500) == .over(ending))
    var probed = late()
    #expect(probed.probeArrived(at: 1500) == .over(ending))
    var timed = late()
    #expect(timed.pollArrived(at: 1400) == .answer([.ping([])]))
    #expect(timed.pollArrived(at: 1401) == .wait)
    #expect(timed.timePassed(at: 1500) == .end(.init(reason: .pingTimeout, pollAnswer: [.close])))
  }

  @Test("when we are late ourselves, the client still gets the whole time")
  func stalled() {
    var session = Self.machine(isSocket: true)
    #expect(session.timePassed(at: 1600) == .write(.ping([])))
    #expect(session.deadline == 1800)
  }

  @Test("in revision 3 the client pings, and silence alone ends the session")
  func heartbeatThree() {
    var session = Self.machine(.v3)
    #expect(session.deadline == 1500)
    #expect(session.received(.ping(Array("x".utf8)), at: 1400) == .flush)
    #expect(session.pollArrived(at: 1400) == .answer([.pong(Array("x".utf8))]))
    #expect(session.deadline == 1900)
    #expect(session.received(Self.text("a"), at: 1800) == .deliver)
    #expect(session.postArrived(at: 2300) == .over(.init(reason: .pingTimeout, pollAnswer: nil)))
    var socket = Self.machine(.v3, isSocket: true)
    #expect(socket.received(.ping([]), at: 1001) == .write(.pong([])))
    #expect(socket.received(.pong([]), at: 1001) == .end(.init(reason: .protocolError, pollAnswer: nil)))
  }

  // MARK: Upgrade

  @Test("a WebSocket is tried out, takes over with what waits, and ends polling")
  func upgrade() {
    var session = Self.machine()
    #expect(session.pollArrived(at: 1001) == .wait)
    #expect(session.probeArrived(at: 1002) == .accept)
    #expect(
      session.probeReceived(.ping(EnginePacket.probe)) == .confirm(.pong(EnginePacket.probe), pollAnswer: [.noop]))
    #expect(session.pollArrived(at: 1003) == .answer([.noop]), "the client waits for the end of its last poll")
    #expect(session.send(Self.text("a")) == .flush)
    #expect(session.flush() == .nothing)
    #expect(session.probeReceived(.upgrade) == .takeOver(pollAnswer: nil, waiting: [Self.text("a")]))
    #expect(session.isOnSocket == true)
    #expect(session.send(Self.text("b")) == .write)
    #expect(session.pollArrived(at: 1004) == .refuse(.badRequest))
    #expect(session.postArrived(at: 1004) == .refuse(.badRequest))
    #expect(session.probeArrived(at: 1004) == .refuse(.badRequest))
    #expect(session.timePassed(at: 1300) == .write(.ping([])))
  }

  @Test("what waits goes with the poll that the probe ends")
  func upgradeWithQueue() {
    var session = Self.machine()
    #expect(session.pollArrived(at: 1001) == .wait)
    #expect(session.probeArrived(at: 1002) == .accept)
    #expect(session.send(Self.text("a")) == .flush)
    #expect(
      session.probeReceived(.ping(EnginePacket.probe))
        == .confirm(.pong(EnginePacket.probe), pollAnswer: [Self.text("a")]))
    #expect(session.probeReceived(.upgrade) == .takeOver(pollAnswer: nil, waiting: []))
  }

  @Test(
    "a WebSocket that says anything else is dropped, and the session goes on by polling",
    arguments: [EnginePacket.ping([]), .upgrade, .text([]), .close, .noop, .pong(EnginePacket.probe), .binary([])])
  func badProbe(packet: EnginePacket) {
    var session = Self.machine()
    #expect(session.probeArrived(at: 1002) == .accept)
    #expect(session.probeArrived(at: 1003) == .refuse(.badRequest), "one at a time")
    #expect(session.probeReceived(packet) == .drop)
    #expect(session.probeReceived(.upgrade) == .drop)
    #expect(session.pollArrived(at: 1004) == .wait)
    #expect(session.probeArrived(at: 1005) == .accept)
  }

  @Test("a WebSocket that does not take over in time is dropped, one that is lost is forgotten")
  func probeTimeout() {
    var session = Self.machine()
    #expect(session.probeArrived(at: 1002) == .accept)
    #expect(session.deadline == 1152)
    #expect(session.timePassed(at: 1151) == .nothing)
    #expect(session.timePassed(at: 1152) == .dropProbe)
    #expect(session.deadline == 1300)
    #expect(session.probeArrived(at: 1160) == .accept)
    session.probeLost()
    #expect(session.pollArrived(at: 1161) == .wait)
  }

  // MARK: Closing

  @Test("a session that is closed here says what waits and good-bye with its polls, then is gone")
  func closing() {
    var session = Self.machine()
    for number in 0..<16 { _ = session.send(Self.text("\(number)")) }
    #expect(session.close(at: 1001) == .flush)
    #expect(session.isClosed == true)
    #expect(session.isGone == false)
    #expect(session.send(Self.text("late")) == .drop)
    #expect(session.close(at: 1001) == .nothing)
    #expect(session.pollArrived(at: 1002) == .answer((0..<16).map { Self.text("\($0)") }))
    #expect(session.postArrived(at: 1003) == .take)
    #expect(session.received(Self.text("late"), at: 1003) == .nothing)
    #expect(session.probeArrived(at: 1003) == .refuse(.unknownSession))
    #expect(session.pollArrived(at: 1004) == .answerLast([.close]))
    #expect(session.isGone == true)
  }

  @Test("a pending poll gets the good-bye at once; without a poll the session waits for one, not for ever")
  func closingWaits() {
    var pending = Self.machine()
    #expect(pending.pollArrived(at: 1001) == .wait)
    #expect(pending.close(at: 1002) == .flush)
    #expect(pending.flush() == .answerLast([.close]))
    var silent = Self.machine()
    #expect(silent.close(at: 1002) == .flush)
    #expect(silent.flush() == .nothing)
    #expect(silent.deadline == 1102)
    #expect(silent.timePassed(at: 1102) == .end(.init(reason: .closedHere, pollAnswer: nil)))
    var socket = Self.machine(isSocket: true)
    #expect(socket.close(at: 1001) == .closeSocket)
    #expect(socket.isGone == true)
    #expect(socket.deadline == .max)
  }

  @Test("whatever happens in whatever order: once gone stays gone, and what waits stays within its limits")
  func anyOrder() {
    let seed = UInt64.random(in: 0 ... .max)
    var dice = Dice(seed: seed)
    for _ in 0..<500 {
      var session = Self.machine(dice.next() % 4 == 0 ? .v3 : .v4, isSocket: dice.next() % 4 == 0)
      var now: Milliseconds = 1000
      var wasGone = false
      for _ in 0..<60 {
        now += Milliseconds(dice.next() % 40)
        step(&session, &dice, now)
        let (isGone, queued) = (session.isGone, session.queuedBytes)
        #expect(!wasGone || isGone, "seed \(seed)")
        // The good-bye of a session that is closed here, and a ping, come on top.
        #expect(queued <= 203, "seed \(seed)")
        #expect(!isGone || queued == 0, "seed \(seed)")
        wasGone = isGone
      }
    }
  }

  private func step(_ session: inout SessionMachine, _ dice: inout Dice, _ now: Milliseconds) {
    switch dice.next() % 24 {
    case 0, 1, 2: _ = session.pollArrived(at: now)
    case 3: if session.postArrived(at: now) == .take { _ = session.received(dice.packet(), at: now) }
    case 4, 5, 6: _ = session.send(dice.packet())
    case 7, 8: _ = session.flush()
    case 9, 10: _ = session.timePassed(at: now)
    case 11: _ = session.probeArrived(at: now)
    case 12: _ = session.probeReceived(.ping(EnginePacket.probe))
    case 13: _ = session.probeReceived(dice.next() % 2 == 0 ? .upgrade : dice.packet())
    case 14: session.probeLost()
    case 15 where dice.next() % 8 == 0: _ = session.close(at: now)
    case 16 where dice.next() % 8 == 0: _ = session.transportLost()
    default: _ = session.received(.pong([]), at: now)
    }
  }
}
