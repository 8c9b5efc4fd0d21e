import ChatCore
import IORuntime

/// What every broker must keep, as cases that run on any two of one kind; the model of Redis in the simulation too, so
/// that it promises no more than a real one.
///
/// - Isolation: a case runs on the loop of its brokers.
public enum BrokerContract {
  /// One rule.
  public struct Case: Sendable, CustomStringConvertible {
    /// The rule, as a sentence.
    public let description: String
    private let body: @Sendable (BrokersUnderTest) async throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (BrokersUnderTest) async throws -> Void) {
      self.description = description
      self.body = body
    }

    /// Runs it.
    ///
    /// - Throws: ``ContractBroken`` or ``NeverHappened``.
    public func run(_ brokers: BrokersUnderTest) async throws { try await body(brokers) }
  }

  private static let here = ConversationID(counter: 7, bucket: Bucket(folding: 77))
  private static let there = ConversationID(counter: 8, bucket: Bucket(folding: 1_077))
  private static let ada = Author(id: UserID(counter: 20_000, bucket: Bucket(folding: 5)), username: "ada")

  /// All cases.
  public static let all: [Case] = [
    Case("who follows hears in order what is published together, its publisher too, and who does not hears nothing") {
      brokers in
      try await brokers.follow(0, [.conversation(here)])
      try await brokers.follow(1, [.conversation(there)])
      brokers.brokers[0].publish([entry(1, here), entry(1, there), entry(2, here)])
      try await brokers.until { brokers.ears[0].entries.count == 2 && brokers.ears[1].entries.count == 1 }
      try expect(brokers.ears[0].entries, is: [entry(1, here), entry(2, here)], "the publisher heard")
      try expect(brokers.ears[1].entries, is: [entry(1, there)], "the other heard")
    },
    Case("what is published once the topic is confirmed is heard, and nothing after leaving it") { brokers in
      try await brokers.follow(1, [.conversation(here)])
      brokers.brokers[0].publish([entry(1, here)])
      try await brokers.until { brokers.ears[1].entries.count == 1 }
      brokers.brokers[1].unfollow(.conversation(here))
      try await brokers.follow(1, [.conversation(there)])
      brokers.brokers[0].publish([entry(2, here), entry(1, there)])
      try await brokers.until { brokers.ears[1].entries.count == 2 }
      try expect(brokers.ears[1].entries.last, is: entry(1, there), "what was heard last")
    },
    Case("signals reach those who follow the user or the conversation concerned") { brokers in
      try await brokers.follow(1, [.user(ada.id), .conversation(here)])
      for signal in [Signal.accountGone(ada.id), .typing(here, ada), .typing(there, ada), .read(here, ada.id, seq: 3)] {
        brokers.brokers[0].announce(signal)
      }
      try await brokers.until { brokers.ears[1].signals.count == 3 }
      let heard = brokers.ears[1].signals
      try expect(heard, is: [.accountGone(ada.id), .typing(here, ada), .read(here, ada.id, seq: 3)], "what was heard")
    },
    Case("an interruption is told, then each topic is followed again, and what comes after is heard") { brokers in
      let topics = (1...60).map { Topic.conversation(ConversationID(counter: $0, bucket: Bucket(folding: UInt64($0)))) }
      try await brokers.follow(1, topics + [.conversation(here)])
      brokers.ears[1].forget()
      brokers.interrupt(1)
      try await brokers.until { brokers.ears[1].interruptions >= 1 }
      try await brokers.until { Set(brokers.ears[1].following) == Set(topics + [.conversation(here)]) }
      try await brokers.until {
        if brokers.ears[1].entries.isEmpty { brokers.brokers[0].publish([entry(1, here)]) }
        return !brokers.ears[1].entries.isEmpty
      }
    },
  ]

  private static func entry(_ seq: Int64, _ conversation: ConversationID) -> Entry {
    let id = EntryID(counter: seq, bucket: conversation.bucket)
    let time = Timestamp(milliseconds: 1_700_000_000_000)
    let message = Message(
      id: id, conversation: conversation, seq: seq, sender: ada, type: .text, text: "hi", clientMessageID: nil,
      replyTo: nil, createdAt: time)
    return Entry(
      conversation: conversation, seq: seq, id: id, createdAt: time, author: ada, event: .messageCreated(message))
  }
}

/// Two brokers, whatever joins them, and how the second is interrupted.
public struct BrokersUnderTest {
  let loop: EventLoop
  let brokers: [any Broker]
  let ears: [BrokerEars]
  /// Breaks what joins that one to the other; it is back by itself.
  let interrupt: (Int) -> Void

  /// Takes the two.
  public init(loop: EventLoop, brokers: [any Broker], interrupt: @escaping (Int) -> Void) {
    self.loop = loop
    self.brokers = brokers
    self.interrupt = interrupt
    ears = brokers.map { broker in
      let ears = BrokerEars()
      broker.attach(ears)
      return ears
    }
  }

  func until(_ condition: () -> Bool) async throws { try await eventually(within: 15_000, on: loop, condition) }

  /// Follows topics and waits until all are confirmed.
  func follow(_ number: Int, _ topics: [Topic]) async throws {
    for topic in topics { brokers[number].follow(topic) }
    try await until { Set(topics).isSubset(of: ears[number].following) }
  }
}

/// Remembers what a broker told.
final class BrokerEars: BrokerReceiver {
  private(set) var entries: [Entry] = []
  private(set) var signals: [Signal] = []
  private(set) var following: [Topic] = []
  private(set) var interruptions = 0

  func received(_ entries: [Entry]) { self.entries += entries }
  func received(_ signal: Signal) { signals.append(signal) }
  func following(_ topic: Topic) { following.append(topic) }
  func interrupted(_ interruption: Interruption) { interruptions += 1 }
  func forget() { (entries, signals, following, interruptions) = ([], [], [], 0) }
}
