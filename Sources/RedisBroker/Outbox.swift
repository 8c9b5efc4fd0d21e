import ChatCore
import EntryText
import IORuntime
import Redis

/// What a loop has to publish, gathered during a tick: entries of one conversation leave together, in one message.
///
/// Nothing is kept for a Redis, or a master of a cluster, that is away: entries are dropped and counted, and each
/// follower's log check repairs it.
///
/// - Limits: a message carries at most ``entriesMax`` entries and about ``bytesMax`` bytes of text.
/// - Isolation: its loop.
final class Outbox: EndOfTick {
  /// Entries of one message: what one batch of the log may commit.
  static let entriesMax = 128
  /// Bytes of text in one message, unless a single entry has more: far below what readers accept (4 MiB), escapes
  /// included.
  static let bytesMax = 64 * 1024

  private let loop: EventLoop
  private let client: RedisClient
  private let names: TopicNames
  private var gathered: [ConversationID: [Entry]] = [:]
  private var order: [ConversationID] = []
  private(set) var entriesPublished = 0
  private(set) var payloadsPublished = 0
  private(set) var signalsPublished = 0
  private(set) var dropped = 0

  init(loop: EventLoop, client: RedisClient, names: TopicNames) {
    self.loop = loop
    self.client = client
    self.names = names
  }

  func add(_ entries: [Entry]) {
    for entry in entries {
      guard client.isConnected(for: PartitionTag.slot(of: entry.conversation.bucket)) else {
        dropped += 1
        continue
      }
      if order.isEmpty { loop.atEndOfTick(self) }
      if gathered[entry.conversation] == nil { order.append(entry.conversation) }
      gathered[entry.conversation, default: []].append(entry)
    }
  }

  /// Signals are few and leave at once; they still share the tick's system call.
  func add(_ signal: Signal) {
    let sent = send(SignalText.payload(of: signal), on: SignalText.topic(of: signal))
    if sent { signalsPublished += 1 } else { dropped += 1 }
  }

  func endOfTick() {
    let conversations = order
    let entries = gathered
    order = []
    gathered = [:]
    for conversation in conversations {
      for run in Outbox.runs(of: entries[conversation] ?? []) { publish(run, in: conversation) }
    }
  }

  private func publish(_ entries: [Entry], in conversation: ConversationID) {
    let payload = EntryText.payload(of: entries, in: conversation)
    guard send(payload, on: .conversation(conversation)) else { return dropped += entries.count }
    entriesPublished += entries.count
    payloadsPublished += 1
  }

  private func send(_ payload: [UInt8], on topic: Topic) -> Bool {
    var command = RedisCommand("SPUBLISH")
    command.append(names.channel(of: topic))
    command.append(payload)
    return client.send(command)
  }

  /// Cuts entries into runs within the limits, in order.
  static func runs(of entries: [Entry]) -> [[Entry]] {
    var runs: [[Entry]] = []
    var run: [Entry] = []
    var bytes = 0
    for entry in entries {
      let size = textBytes(of: entry)
      if !run.isEmpty, run.count == entriesMax || bytes + size > bytesMax {
        runs.append(run)
        run = []
        bytes = 0
      }
      run.append(entry)
      bytes += size
    }
    if !run.isEmpty { runs.append(run) }
    return runs
  }

  /// Of what can be long: a message's text. The rest of an entry is small and counted as 256 bytes.
  private static func textBytes(of entry: Entry) -> Int {
    switch entry.event {
    case .messageCreated(let message), .messageEdited(let message): 256 + message.text.utf8.count
    default: 256
    }
  }
}
