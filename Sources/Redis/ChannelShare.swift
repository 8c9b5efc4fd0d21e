/// The channels of one slot of a cluster, or all of one Redis: what is wanted, and what their master has been told.
///
/// - Isolation: its subscriber's loop.
final class ChannelShare {
  struct Channel {
    /// Somebody wants it.
    var wanted = false
    /// The command that subscribes to it has gone out on this connection, as part of that batch.
    var batch: UInt64?
    /// Redis has confirmed that.
    var confirmed = false
    /// It stands in `dirty`.
    var dirty = false
  }

  /// What one SSUBSCRIBE or SUNSUBSCRIBE is to be about.
  struct Work {
    var joining: [String] = []
    var leaving: [String] = []
    /// Those that Redis has confirmed already, and that were asked for once more.
    var told: [String] = []
  }

  /// Nil for one Redis.
  let slot: HashSlot?
  /// Over which they are listened to; nil while nobody is known to have the slot.
  var line: SubscriberLine?
  /// It waits for its turn on the line.
  var isQueued = false
  private(set) var channels: [String: Channel] = [:]
  private var dirty = Fifo<String>()

  init(slot: HashSlot?) { self.slot = slot }

  /// Whether the master has something to be told.
  var isDirty: Bool { !dirty.isEmpty }

  /// Whether the master was told of a channel, and so whether anything is lost with it.
  var isTold: Bool { channels.values.contains { $0.batch != nil } }

  func want(_ name: String) { channels[name, default: Channel()].wanted = true }

  func unwant(_ name: String) { channels[name]?.wanted = false }

  func remove(_ name: String) { channels[name] = nil }

  func mark(_ name: String) {
    guard let channel = channels[name], !channel.dirty else { return }
    channels[name]?.dirty = true
    dirty.append(name)
  }

  func markAll() { for name in Array(channels.keys) { mark(name) } }

  /// A new connection, or another master, knows of no channel.
  func forget() {
    channels = channels.filter(\.value.wanted).mapValues { _ in Channel(wanted: true) }
    _ = dirty.removeAll()
  }

  /// The next channels to be settled, until one command is full.
  func takeWork(_ most: Int) -> Work {
    var work = Work()
    while work.joining.count < most, work.leaving.count < most, let name = dirty.popFirst() { settle(name, &work) }
    return work
  }

  /// Compares what is wanted of a channel with what Redis has been told.
  private func settle(_ name: String, _ work: inout Work) {
    guard let channel = channels[name] else { return }
    channels[name]?.dirty = false
    switch (channel.wanted, channel.batch != nil) {
    case (true, false): work.joining.append(name)
    case (true, true): if channel.confirmed { work.told.append(name) }
    case (false, true):
      channels[name] = nil
      work.leaving.append(name)
    case (false, false): channels[name] = nil
    }
  }

  // MARK: What Redis says

  func asked(_ names: [String], in batch: UInt64) {
    for name in names {
      channels[name]?.batch = batch
      channels[name]?.confirmed = false
    }
  }

  /// Redis has confirmed a channel of a batch; whether somebody is to be told.
  func confirmed(_ name: String, in batch: UInt64) -> Bool {
    guard channels[name]?.batch == batch else { return false }
    channels[name]?.confirmed = true
    return channels[name]?.wanted == true
  }

  /// Redis has refused a batch; the channels that are still of it.
  func refused(_ names: [String], in batch: UInt64) -> [String] {
    let mine = names.filter { channels[$0]?.batch == batch }
    for name in mine { channels[name]?.batch = nil }
    return mine
  }

  /// The master has taken a channel away; false when it had it not from us.
  func tookAway(_ name: String) -> Bool {
    guard channels[name]?.batch != nil else { return false }
    channels[name]?.batch = nil
    channels[name]?.confirmed = false
    return true
  }
}
