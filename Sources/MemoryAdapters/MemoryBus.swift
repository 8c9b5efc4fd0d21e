import ChatCore
import Synchronization

/// What joins the memory brokers of one process, as Redis joins those of a cluster; and what can go wrong there.
///
/// - Isolation: thread-safe; each broker is called back through its own hop.
public final class MemoryBus: Sendable {
  /// What becomes of one notification on its way to one broker.
  public enum Fate: Sendable, Hashable {
    /// Arrives.
    case arrives
    /// Is lost.
    case lost
    /// Arrives twice.
    case twice
    /// Arrives that much later, so that others overtake it.
    case late(Milliseconds)
  }

  /// What is on its way.
  enum Notice: Sendable {
    case entries([Entry])
    case signal(Signal)
  }

  private struct State: Sendable {
    var brokers: [Int: MemoryBroker] = [:]
    var followers: [Topic: Set<Int>] = [:]
    var fate: (@Sendable (Topic, _ broker: Int) -> Fate)?
  }

  private let state = Mutex(State())

  /// A bus on which everything arrives.
  public init() {}

  /// Decides from now on what becomes of each notification to each broker (numbered in order of their making); nil: all
  /// arrives.
  ///
  /// It is asked in ascending order of the brokers, so that a seeded decision is the same in each run.
  public func setFate(_ decide: (@Sendable (Topic, _ broker: Int) -> Fate)?) {
    state.withLock { $0.fate = decide }
  }

  func join(_ broker: MemoryBroker) -> Int {
    state.withLock { state in
      let number = state.brokers.count
      state.brokers[number] = broker
      return number
    }
  }

  func follow(_ topic: Topic, _ number: Int) {
    state.withLock { _ = $0.followers[topic, default: []].insert(number) }
  }

  func unfollow(_ topic: Topic, _ number: Int) {
    state.withLock { state in
      state.followers[topic]?.remove(number)
      if state.followers[topic]?.isEmpty == true { state.followers[topic] = nil }
    }
  }

  func send(_ notice: Notice, on topic: Topic) {
    let (brokers, decide) = state.withLock { state in
      ((state.followers[topic] ?? []).sorted().compactMap { state.brokers[$0] }, state.fate)
    }
    for broker in brokers {
      switch decide?(topic, broker.number) ?? .arrives {
      case .arrives: broker.deliver(notice, on: topic, after: 0)
      case .lost: break
      case .twice:
        broker.deliver(notice, on: topic, after: 0)
        broker.deliver(notice, on: topic, after: 0)
      case .late(let milliseconds): broker.deliver(notice, on: topic, after: milliseconds)
      }
    }
  }
}
