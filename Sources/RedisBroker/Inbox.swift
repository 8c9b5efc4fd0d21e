import ChatCore
import Redis

/// What arrives from Redis for one loop: read, believed only as far as it is exactly ours, told to the receiver.
///
/// - Isolation: its loop.
final class Inbox: RedisSubscriberReceiver {
  private let names: TopicNames
  private var receiver: (any BrokerReceiver)?
  private var followed: Set<Topic> = []
  private var own = OwnPayloads()
  private(set) var counters = BrokerCounters()

  init(names: TopicNames) { self.names = names }

  func attach(_ receiver: any BrokerReceiver) { self.receiver = receiver }
  func follow(_ topic: Topic) { followed.insert(topic) }
  func unfollow(_ topic: Topic) { followed.remove(topic) }

  /// This loop has published; what it follows comes back.
  func published(_ payload: [UInt8], _ entries: [Entry], of conversation: ConversationID) {
    if followed.contains(.conversation(conversation)) { own.keep(payload, entries, of: conversation) }
  }

  func subscribed(to channel: String) {
    guard let topic = names.topic(of: Array(channel.utf8)), followed.contains(topic) else { return }
    receiver?.following(topic)
  }

  func received(_ payload: [UInt8], on channel: [UInt8]) {
    guard let topic = names.topic(of: channel), followed.contains(topic) else { return counters.strays += 1 }
    if case .conversation(let id) = topic, let entries = own.take(payload, of: id) {
      counters.entriesReceived += entries.count
      receiver?.received(entries)
      return
    }
    do {
      switch try Payload(payload, on: topic) {
      case .entries(let entries):
        counters.entriesReceived += entries.count
        receiver?.received(entries)
      case .signal(let signal):
        counters.signalsReceived += 1
        receiver?.received(signal)
      }
    } catch {
      counters.note(error)
    }
  }

  func interrupted(_ lost: LostChannels) {
    counters.interruptions += 1
    own = OwnPayloads()
    receiver?.interrupted(Interruption(lost))
  }
}

extension Interruption {
  /// The buckets whose topics lie in lost slots.
  init(_ lost: LostChannels) {
    switch lost {
    case .all: self = .whole
    case .slots:
      let buckets = (0..<Bucket.count).compactMap { Bucket($0) }
      self.init(of: Set(buckets.filter { lost.contains(PartitionTag.slot(of: $0)) }))
    }
  }
}
