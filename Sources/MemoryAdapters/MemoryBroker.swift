import ChatCore

/// A loop's broker within one process: what one publishes on the bus all hear who follow, itself too.
///
/// A sample, for a loop of `martlet dev`:
///
///     let broker = MemoryBroker(on: bus) { milliseconds, work in loop.schedule(after: milliseconds, work) }
///
/// - Isolation: confined to its loop, as every ``Broker``; what arrives comes through the hop, as a later callback on
///   the loop.
public final class MemoryBroker: Broker, @unchecked Sendable {
  /// Runs work on the broker's loop later: after that many milliseconds, and never before the caller has returned.
  public typealias Hop = @Sendable (_ after: Milliseconds, _ work: @escaping @Sendable () -> Void) -> Void

  private let bus: MemoryBus
  private let hop: Hop
  private var place = -1
  private var receiver: (any BrokerReceiver)?
  private var followed: Set<Topic> = []
  private var interruption: Interruption?

  /// Joins the bus.
  public init(on bus: MemoryBus, hop: @escaping Hop) {
    self.bus = bus
    self.hop = hop
    place = bus.join(self)
  }

  /// Its place on the bus, 0, 1, 2 … in order of making; by it a simulation decides on fates.
  public var number: Int { place }

  /// Who is told; kept alive by the broker.
  public func attach(_ receiver: any BrokerReceiver) { self.receiver = receiver }

  /// Begins to listen; confirmed by a later callback.
  public func follow(_ topic: Topic) {
    followed.insert(topic)
    if hears(topic.bucket) { listen(topic) }
  }

  /// Ends it.
  public func unfollow(_ topic: Topic) {
    followed.remove(topic)
    bus.unfollow(topic, place)
  }

  /// Tells all who follow the entries' conversations; each conversation's entries together and in order.
  public func publish(_ entries: [Entry]) {
    var rest = entries.filter { hears($0.conversation.bucket) }[...]
    while let first = rest.first {
      let topic = Topic.conversation(first.conversation)
      bus.send(.entries(rest.filter { $0.conversation == first.conversation }), on: topic)
      rest = rest.filter { $0.conversation != first.conversation }[...]
    }
  }

  /// Tells all who follow the user or conversation concerned.
  public func announce(_ signal: Signal) {
    guard hears(signal.topic.bucket) else { return }
    bus.send(.signal(signal), on: signal.topic)
  }

  private func hears(_ bucket: Bucket) -> Bool { interruption?.concerns(bucket) != true }

  /// Plays a lost connection: of its topics nothing is heard nor told until ``restore()``; the receiver is told later.
  public func interrupt(_ what: Interruption = .whole) {
    guard interruption == nil else { return }
    interruption = what
    for topic in followed where !hears(topic.bucket) { bus.unfollow(topic, place) }
    hop(0) { self.receiver?.interrupted(what) }
  }

  /// Plays a connection that came back: follows its topics again, each confirmed by a later callback.
  public func restore() {
    guard let was = interruption else { return }
    interruption = nil
    for topic in followed.sorted(by: Topic.isBefore) where was.concerns(topic.bucket) { listen(topic) }
  }

  private func listen(_ topic: Topic) {
    bus.follow(topic, place)
    hop(0) {
      if self.hears(topic.bucket), self.followed.contains(topic) { self.receiver?.following(topic) }
    }
  }

  /// Called by the bus, from any thread.
  func deliver(_ notice: MemoryBus.Notice, on topic: Topic, after milliseconds: Milliseconds) {
    hop(milliseconds) {
      guard self.hears(topic.bucket), self.followed.contains(topic) else { return }
      switch notice {
      case .entries(let entries): self.receiver?.received(entries)
      case .signal(let signal): self.receiver?.received(signal)
      }
    }
  }
}

extension Topic {
  /// An order that does not depend on the process, so that a seeded simulation runs the same in each.
  fileprivate static func isBefore(_ left: Topic, _ right: Topic) -> Bool {
    switch (left, right) {
    case (.conversation(let left), .conversation(let right)): left < right
    case (.user(let left), .user(let right)): left < right
    case (.conversation, .user): true
    case (.user, .conversation): false
    }
  }
}

extension Signal {
  /// Who listens for it.
  var topic: Topic {
    switch self {
    case .signedOut(let user, _), .accountGone(let user), .estranged(let user, _): .user(user)
    case .typing(let conversation, _), .read(let conversation, _, _): .conversation(conversation)
    case .relayed(let relay): relay.to
    }
  }
}
