import ChatCore
import Delivery
import TestKit
import Testing

@Suite struct HeadCheckTests {
  @Test func `a lost last message, which no hole reveals, is found within two seconds`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 2_000)
    try stage.say("lost", in: room)
    stage.time.run(for: 1_200)
    #expect(bob.seqs(room) == [2])
    #expect(stage.hub.report.lostFound == 1)
  }

  @Test func `a quiet bucket costs about one statement of counters a second and no heads`() throws {
    let stage = try HubStage()
    _ = try stage.group()
    _ = try stage.listener(stage.bob)
    stage.time.run(for: 5_000)
    let (heads, counters) = (stage.log.headStatements, stage.log.counterStatements)
    stage.time.run(for: 10_000)
    #expect(stage.log.headStatements == heads)
    #expect((counters + 10...counters + 14).contains(stage.log.counterStatements))
  }

  @Test(arguments: [true, false])
  func `a bucket of many rooms and few new entries is compared by these`(tellsEntries: Bool) throws {
    let stage = try HubStage()
    stage.log.tellsEntries = tellsEntries
    let room = try stage.neighbours(5)
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 3_000)
    let heads = stage.log.headStatements
    try stage.say("lost", in: room)
    stage.time.run(for: 1_300)
    #expect(bob.seqs(room) == [2])
    #expect(stage.log.entryStatements == (tellsEntries ? 1 : 0))
    #expect(stage.log.headStatements == heads + (tellsEntries ? 0 : 1))
    // As many new ones as rooms: the heads are fewer.
    for number in 0..<5 { try stage.say("\(number)", in: room) }
    stage.time.run(for: 1_300)
    #expect(bob.seqs(room) == Array(2...7))
    #expect(stage.log.entryStatements == (tellsEntries ? 1 : 0))
    #expect(stage.log.headStatements == heads + (tellsEntries ? 1 : 2))
  }

  @Test func `a store that fails to tell what is new is asked again, and then nothing is missing`() throws {
    let stage = try HubStage()
    let room = try stage.neighbours(5)
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 3_000)
    stage.log.entriesFail = true
    try stage.say("lost", in: room)
    stage.time.run(for: 3_000)
    #expect(stage.log.entryStatements > 1 && bob.seqs(room) == [])
    stage.log.entriesFail = false
    stage.time.run(for: 3_200)
    #expect(bob.seqs(room) == [2])
  }

  @Test func `F39: what is lost is found in all buckets that are there, and in the others when they are again`() throws
  {
    let stage = try HubStage()
    let (here, gone) = (try stage.group("here"), try stage.group("gone"))
    #expect(here.bucket != gone.bucket)
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 3_000)
    stage.log.gone = [gone.bucket]
    try stage.say("one", in: here)
    try stage.say("two", in: gone)
    // Every room is suspect, those of the machine that is away too.
    stage.hub.interrupted(.whole)
    stage.time.run(for: 5_000)
    #expect(bob.seqs(here) == [2] && bob.seqs(gone) == [])
    stage.log.gone = []
    stage.time.run(for: 5_000)
    #expect(bob.seqs(gone) == [2])
  }

  @Test func `F16: when another server has taken over that lacks entries, rooms go on where it ends`() throws {
    let (stage, other) = (try HubStage(), try HubStage())
    // Many rooms of a bucket, so that the one that lost is not found by the bucket's new entries.
    let room = try stage.neighbours(6)
    #expect(try other.neighbours(6) == room)
    let bob = try stage.listener(stage.bob)
    for number in 2...3 { stage.broker.publish([try stage.say("\(number)", in: room)]) }
    stage.time.run(for: 3_000)
    #expect(bob.seqs(room) == [2, 3])
    // The other one has as many new entries of the bucket, in another room.
    let neighbour = try #require(
      stage.hub.report.rooms > 6 ? try other.rooms(in: room.bucket).first { $0 != room } : nil)
    for number in 2...3 { try other.say("other \(number)", in: neighbour) }
    (stage.log.world, stage.log.server) = (other.world, 1)
    stage.time.run(for: 1_500)
    #expect(bob.seqs(neighbour) == [2, 3])
    stage.broker.publish([try other.say("after", in: room)])
    stage.time.run(for: 100)
    #expect(bob.seqs(room) == [2, 3, 2])
    let heads = stage.log.headStatements
    stage.time.run(for: 5_000)
    #expect(stage.log.headStatements == heads, "once")
  }

  /// Every node of a cluster loses Redis at the same moment; once they went on in step from there.
  @Test func `two nodes that lost Redis at the same moment do not compare at the same moments for ever`() throws {
    let stage = try HubStage()
    _ = try stage.group()
    _ = try stage.listener(stage.bob)
    let other = Hub(
      ports: VirtualLoop(time: stage.time, seed: 2), broker: HandBroker(), log: stage.log, conversations: stage.world,
      contacts: stage.world, signIns: stage.world)
    other.start()
    let ear = Ear()
    let seat = other.attach(
      ear, user: stage.ada.id, signIn: SessionID(rawValue: 2), ownConversation: stage.ada.ownConversation,
      format: .plain)
    other.resume(seat, heads: [:]) { _ in }
    stage.time.run(for: 3_000)
    for hub in [stage.hub, other] { hub.interrupted(.whole) }
    var (moments, together) = (0, 0)
    for _ in 0..<20_000 {
      let before = stage.log.counterStatements
      stage.time.run(for: 1)
      moments += stage.log.counterStatements > before ? 1 : 0
      together += stage.log.counterStatements > before + 1 ? 1 : 0
    }
    #expect(moments > 30 && together * 10 < moments, "\(together) of \(moments) at the same moment")
  }

  @Test func `one master's loss concerns the rooms of its topics alone`() throws {
    let stage = try HubStage()
    let (lost, kept) = (try stage.group("lost"), try stage.group("kept"))
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 3_000)
    stage.hub.interrupted(Interruption(of: [lost.bucket]))
    let heads = stage.log.headStatements
    // Of a room that is not followed nothing is in flight; of the other it may be.
    try stage.say("one", in: lost)
    try stage.say("two", in: kept)
    stage.time.run(for: 600)
    #expect(stage.log.headStatements > heads)
    #expect(bob.seqs(lost) == [2] && stage.hub.report.interruptions == 1)
    stage.hub.following(.conversation(lost))
    stage.time.run(for: 2_000)
    #expect(bob.seqs(kept) == [2] && bob.seqs(lost) == [2])
    let calm = stage.log.counterStatements
    stage.time.run(for: 6_000)
    // Back at the period of a whole broker: the other topics are not waited for.
    #expect(stage.log.counterStatements - calm <= 8)
  }

  @Test func `an entry in flight is waited for and not read`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 970)
    let entry = try stage.say("slow", in: room)
    stage.time.run(for: 50)
    stage.broker.publish([entry])
    stage.time.run(for: 500)
    #expect(bob.seqs(room) == [2])
    #expect(stage.log.pagesRead == 0)
  }

  @Test func `while the broker is interrupted the log is asked twice as often`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 2_000)
    stage.broker.interrupt()
    for number in Int64(2)...9 {
      try stage.say("\(number)", in: room)
      stage.time.run(for: 510)
      #expect(bob.seqs(room) == Array(2...number))
    }
  }

  @Test func `an interruption of some buckets concerns their rooms only`() throws {
    let stage = try HubStage()
    let lost = try stage.group()
    var heard = lost
    while heard.bucket == lost.bucket { heard = try stage.group() }
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 2_000)
    stage.broker.interrupt(Interruption(of: [lost.bucket]))
    try stage.say("lost", in: lost)
    try stage.say("maybe in flight", in: heard)
    // What is lost for certain is read at once; what the broker may yet bring has the time of a hole.
    let begin = stage.time.now
    while bob.seqs(lost).isEmpty, stage.time.now - begin < 600 { stage.time.run(for: 5) }
    #expect(bob.seqs(lost) == [2] && bob.seqs(heard).isEmpty)
    stage.time.run(for: 100)
    #expect(bob.seqs(heard) == [2])
  }

  @Test func `interruptions in a row do not put the check off`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 2_000)
    try stage.say("lost", in: room)
    for _ in 1...12 {
      stage.broker.interrupt()
      stage.time.run(for: 100)
    }
    #expect(bob.seqs(room) == [2])
  }

  @Test func `what was lost during an interruption is read as soon as the topic is followed again`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 2_000)
    stage.broker.interrupt()
    try stage.say("lost", in: room)
    stage.broker.confirmAll()
    stage.time.run(for: 10)
    #expect(bob.seqs(room) == [2])
  }

  @Test func `a session can live on the log alone when the broker never follows`() throws {
    let stage = try HubStage()
    stage.broker.confirms = false
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    try stage.say("1", in: room)
    try stage.say("2", in: room)
    stage.time.run(for: 1_200)
    #expect(bob.seqs(room) == [2, 3])
  }

  @Test func `entries that came before the topic was followed are found by comparing at once`() throws {
    let stage = try HubStage()
    stage.broker.confirms = false
    let room = try stage.group()
    let bob = stage.session(of: stage.bob)
    stage.resume(bob)
    stage.time.run(for: 1)
    try stage.say("in between", in: room)
    stage.broker.confirmAll()
    stage.time.run(for: 15)
    #expect(bob.seqs(room) == [2])
  }

  @Test func `a store that is away is asked again, and then nothing is missing`() throws {
    let stage = try HubStage()
    let room = try stage.group()
    let bob = try stage.listener(stage.bob)
    stage.time.run(for: 2_000)
    stage.log.isAway = true
    try stage.say("lost", in: room)
    stage.time.run(for: 20_000)
    let asked = stage.log.counterStatements
    #expect(asked < 30)
    stage.log.isAway = false
    stage.time.run(for: 3_200)
    #expect(bob.seqs(room) == [2])
  }
}
