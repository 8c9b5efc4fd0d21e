import ChatCore
import IORuntime
import Redis

/// The broker over Redis' sharded channels; at most once, as Redis is. What it loses, the log repairs.
///
/// - Isolation: one a loop, as every ``Broker``.
/// - Source: design.md section 5; reliability.md A3.
public final class RedisTopics: Broker, @unchecked Sendable {
  private let subscriber: RedisSubscriber
  private let names: TopicNames
  private let outbox: Outbox
  private let inbox: Inbox

  /// Publishes over `client`, which may serve others of the loop too, and listens over a connection of its own.
  ///
  /// Neither connects before ``start()``; `observe` hears of the listening connection.
  public init(
    loop: EventLoop, client: RedisClient, settings: RedisSettings, names: TopicNames = .standard,
    observe: @escaping (RedisChange) -> Void = { _ in }
  ) {
    self.names = names
    inbox = Inbox(names: names)
    outbox = Outbox(loop: loop, client: client, names: names, inbox: inbox)
    subscriber = RedisSubscriber(loop: loop, settings: settings, beside: client, observe: observe)
    subscriber.attach(inbox)
  }

  /// Begins to listen, and to come back whenever the connection is lost. The client is started by its owner.
  public func start() { subscriber.start() }

  /// Listens no more, for good.
  public func close() { subscriber.close() }

  /// Whether what is published is heard, as far as is known.
  public var isListening: Bool { subscriber.isConnected }

  /// What it has carried and dropped.
  public var counters: BrokerCounters {
    var counters = inbox.counters
    counters.entriesPublished = outbox.entriesPublished
    counters.payloadsPublished = outbox.payloadsPublished
    counters.signalsPublished = outbox.signalsPublished
    counters.dropped = outbox.dropped
    return counters
  }

  /// Sets who is told; kept alive by the broker.
  public func attach(_ receiver: any BrokerReceiver) { inbox.attach(receiver) }

  /// Begins to listen; the receiver hears when Redis has confirmed it, now and after every interruption.
  public func follow(_ topic: Topic) {
    inbox.follow(topic)
    subscriber.subscribe(names.channel(of: topic))
  }

  /// Ends it.
  public func unfollow(_ topic: Topic) {
    inbox.unfollow(topic)
    subscriber.unsubscribe(names.channel(of: topic))
  }

  /// Tells all nodes that follow the entries' conversations, at the end of the tick.
  public func publish(_ entries: [Entry]) { for entry in entries { outbox.add(entry) } }

  /// The same of one.
  public func publish(_ entry: Entry) { outbox.add(entry) }

  /// Tells the nodes that follow the user or conversation concerned.
  public func announce(_ signal: Signal) { outbox.add(signal) }
}
