import ChatCore

/// Remembers what a broker tells.
final class Listener: BrokerReceiver {
  private(set) var entries: [Entry] = []
  private(set) var batches = 0
  private(set) var signals: [Signal] = []
  private(set) var following: [Topic] = []
  private(set) var interruptions: [Interruption] = []

  func received(_ entries: [Entry]) {
    self.entries += entries
    batches += 1
  }
  func received(_ signal: Signal) { signals.append(signal) }
  func following(_ topic: Topic) { following.append(topic) }
  func interrupted(_ interruption: Interruption) { interruptions.append(interruption) }

  /// How often each topic's interruption was told: every number once.
  func interruptions(of topics: [Topic]) -> Set<Int> {
    Set(topics.map { topic in interruptions.count { $0.concerns(topic.bucket) } })
  }

  func forget() {
    entries = []
    signals = []
    following = []
    batches = 0
  }
}
