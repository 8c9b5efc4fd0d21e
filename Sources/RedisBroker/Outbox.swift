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
  static let entriesMax = 256
  /// Bytes of text in one message, unless a single entry has more: 128 KiB, a whole batch with usual texts, and far
  /// below what readers accept (4 MiB), escapes included.
  static let bytesMax = 128 * 1024

  private let loop: EventLoop
  private let client: RedisClient
  private let names: TopicNames
  /// Hears what comes back.
  private let inbox: Inbox
  // Gathering calls nobody back; it is done for each message.
  @exclusivity(unchecked) private var gathered: [(conversation: ConversationID, entries: [Entry])] = []
  /// Where in ``gathered`` each conversation stands.
  private var places: [ConversationID: Int] = [:]
  private(set) var entriesPublished = 0
  private(set) var payloadsPublished = 0
  private(set) var signalsPublished = 0
  private(set) var dropped = 0

  init(loop: EventLoop, client: RedisClient, names: TopicNames, inbox: Inbox) {
    self.loop = loop
    self.client = client
    self.names = names
    self.inbox = inbox
  }

  func add(_ entry: Entry) {
    // A batch of the log brings one conversation's entries one after the other.
    if let last = gathered.indices.last, gathered[last].conversation == entry.conversation {
      return gathered[last].entries.append(entry)
    }
    guard client.isConnected(for: PartitionTag.slot(of: entry.conversation.bucket)) else { return dropped += 1 }
    if gathered.isEmpty { loop.atEndOfTick(self) }
    if let place = places[entry.conversation] {
      gathered[place].entries.append(entry)
    } else {
      places[entry.conversation] = gathered.count
      gathered.append((entry.conversation, [entry]))
    }
  }

  /// Signals are few and leave at once; they still share the tick's system call.
  func add(_ signal: Signal) {
    let sent = send(SignalText.payload(of: signal), on: SignalText.topic(of: signal))
    if sent { signalsPublished += 1 } else { dropped += 1 }
  }

  func endOfTick() {
    let all = gathered
    gathered = []
    places = [:]
    for (conversation, entries) in all {
      publish(entries, in: conversation)
    }
  }

  private func publish(_ entries: [Entry], in conversation: ConversationID) {
    if entries.count <= Outbox.entriesMax {
      let payload = EntryText.payload(of: entries, in: conversation)
      if payload.count <= Outbox.bytesMax { return publish(payload, entries, in: conversation) }
    }
    for run in Outbox.runs(of: entries) {
      publish(EntryText.payload(of: run, in: conversation), run, in: conversation)
    }
  }

  private func publish(_ payload: [UInt8], _ entries: [Entry], in conversation: ConversationID) {
    guard send(payload, on: .conversation(conversation)) else { return dropped += entries.count }
    entriesPublished += entries.count
    payloadsPublished += 1
    inbox.published(payload, entries, of: conversation)
  }

  private func send(_ payload: [UInt8], on topic: Topic) -> Bool {
    var command = RedisCommand("SPUBLISH")
    command.append(names.channel(of: topic))
    command.append(payload)
    return client.send(command)
  }

  /// Cuts entries into runs within the limits, in order.
  static func runs(of entries: [Entry]) -> [[Entry]] {
    guard entries.count > 1 else { return entries.isEmpty ? [] : [entries] }
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
