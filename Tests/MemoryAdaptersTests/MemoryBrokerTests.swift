import ChatCore
import IORuntime
import MemoryAdapters
import Synchronization
import TestKit
import Testing

/// A loop in miniature: what hops onto it waits, in order of time, until it is run.
private final class Queue: Sendable {
  private let waiting = Mutex<[(at: Int64, work: @Sendable () -> Void)]>([])

  func hop(_ after: Milliseconds, _ work: @escaping @Sendable () -> Void) {
    waiting.withLock { $0.append((after, work)) }
  }

  func run() {
    while let next = waiting.withLock({ waiting -> (at: Int64, work: @Sendable () -> Void)? in
      guard let index = waiting.indices.min(by: { waiting[$0].at < waiting[$1].at }) else { return nil }
      return waiting.remove(at: index)
    }) {
      next.work()
    }
  }
}

private final class Ear: BrokerReceiver {
  var heard: [String] = []
  func received(_ entries: [Entry]) { heard += entries.map { "\($0.conversation.rawValue):\($0.seq)" } }
  func received(_ signal: Signal) { heard.append("\(signal)".prefix { $0 != "(" }.description) }
  func following(_ topic: Topic) { heard.append("following") }
  func interrupted(_ interruption: Interruption) { heard.append("interrupted") }
}

@Suite struct MemoryBrokerTests {
  private let queue = Queue()
  private let bus = MemoryBus()
  private let room = ConversationID(rawValue: 4097)
  private let ada = UserID(rawValue: 16_781_313)

  private func broker() -> (MemoryBroker, Ear) {
    let broker = MemoryBroker(on: bus) { [queue] after, work in queue.hop(after, work) }
    let ear = Ear()
    broker.attach(ear)
    return (broker, ear)
  }

  private func entry(_ seq: Int64, in conversation: ConversationID? = nil) -> Entry {
    Entry(
      conversation: conversation ?? room, seq: seq, id: EntryID(rawValue: seq << 12),
      createdAt: Timestamp(milliseconds: 0),
      author: Author(id: ada, username: "ada"), event: .conversationDeleted)
  }

  @Test(arguments: BrokerContract.all)
  func `the contract holds`(_ rule: BrokerContract.Case) async throws {
    try await onLoop { loop in
      let bus = MemoryBus()
      let brokers = (0..<2).map { _ in
        MemoryBroker(on: bus) { delay, work in loop.execute { loop.schedule(after: delay, work) } }
      }
      let under = BrokersUnderTest(loop: loop, brokers: brokers) { number in
        brokers[number].interrupt()
        loop.schedule(after: 20) { brokers[number].restore() }
      }
      try await rule.run(under)
    }
  }

  @Test func `what is published reaches all who follow, the publisher too, as a later callback`() {
    let (one, ear) = broker()
    let (other, otherEar) = broker()
    let (stranger, strangerEar) = broker()
    one.follow(.conversation(room))
    other.follow(.conversation(room))
    stranger.follow(.user(ada))
    one.publish([entry(2)])
    #expect(ear.heard == [])
    queue.run()
    #expect(ear.heard == ["following", "4097:2"])
    #expect(otherEar.heard == ["following", "4097:2"])
    #expect(strangerEar.heard == ["following"])
  }

  @Test func `entries of several conversations go to their own topics`() {
    let (one, ear) = broker()
    one.follow(.conversation(room))
    one.publish([entry(2), entry(7, in: ConversationID(rawValue: 8193)), entry(3)])
    queue.run()
    #expect(ear.heard == ["following", "4097:2", "4097:3"])
  }

  @Test func `signals go to the user or the conversation concerned`() {
    let (one, ear) = broker()
    one.follow(.user(ada))
    one.follow(.conversation(room))
    one.announce(.signedOut(ada, sessions: []))
    one.announce(.typing(room, Author(id: ada, username: "ada")))
    one.announce(.read(ConversationID(rawValue: 8193), ada, seq: 1))
    queue.run()
    #expect(ear.heard == ["following", "following", "signedOut", "typing"])
  }

  @Test func `who no longer follows hears nothing, not even what was on its way`() {
    let (one, ear) = broker()
    one.follow(.conversation(room))
    queue.run()
    one.publish([entry(2)])
    one.unfollow(.conversation(room))
    one.publish([entry(3)])
    queue.run()
    #expect(ear.heard == ["following"])
  }

  @Test func `notifications are lost, doubled and late as fate decides`() {
    let (one, ear) = broker()
    let fates = Mutex<[MemoryBus.Fate]>([.late(50), .lost, .twice, .arrives])
    bus.setFate { _, _ in fates.withLock { $0.removeFirst() } }
    one.follow(.conversation(room))
    for seq in 2...5 { one.publish([entry(Int64(seq))]) }
    queue.run()
    #expect(ear.heard == ["following", "4097:4", "4097:4", "4097:5", "4097:2"])
  }

  @Test func `an interrupted broker hears and tells nothing, and is told when it is whole again`() {
    let (one, ear) = broker()
    let (other, otherEar) = broker()
    one.follow(.conversation(room))
    other.follow(.conversation(room))
    queue.run()
    one.interrupt()
    other.publish([entry(2)])
    one.publish([entry(3)])
    queue.run()
    #expect(ear.heard == ["following", "interrupted"])
    #expect(otherEar.heard == ["following", "4097:2"])
    one.follow(.user(ada))
    one.restore()
    other.publish([entry(4)])
    queue.run()
    #expect(ear.heard.filter { $0 == "following" }.count == 3)
    #expect(ear.heard.last == "4097:4")
  }

  @Test func `a broker that has lost some buckets hears and tells of the others as ever`() throws {
    let (one, ear) = broker()
    let (other, otherEar) = broker()
    let far = ConversationID(counter: 1, bucket: try #require(Bucket(2)))
    try #require(far.bucket != room.bucket)
    for broker in [one, other] {
      broker.follow(.conversation(room))
      broker.follow(.conversation(far))
    }
    queue.run()
    one.interrupt(Interruption(of: [room.bucket]))
    other.publish([entry(2)])
    other.publish([entry(2, in: far)])
    one.publish([entry(3), entry(3, in: far)])
    queue.run()
    #expect(ear.heard == ["following", "following", "interrupted", "4098:2", "4098:3"])
    #expect(otherEar.heard.filter { $0.hasPrefix("4097") } == ["4097:2"])
    one.restore()
    other.publish([entry(4)])
    queue.run()
    #expect(ear.heard.suffix(2) == ["following", "4097:4"])
  }
}
