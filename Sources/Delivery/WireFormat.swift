import ChatCore

/// How one wire says what has happened: a name and three functions from values to bytes, run once per event and format.
public final class WireFormat: Sendable {
  /// Which it is: `native`, `socketio`, a dialect's name.
  public let name: String
  /// Whether entries are encoded with what is known of their conversation; its rooms then learn that once.
  public let needsFacts: Bool
  private let entry: @Sendable (Entry, RoomFacts?) -> EncodedFrame?
  private let signal: @Sendable (Signal) -> EncodedFrame?
  private let presence: @Sendable (Presence) -> EncodedFrame?

  /// Describes a wire; nil from a function means that the wire does not tell such a thing.
  public init(
    name: String, entry: @escaping @Sendable (Entry) -> [UInt8]?, signal: @escaping @Sendable (Signal) -> [UInt8]?,
    presence: @escaping @Sendable (Presence) -> [UInt8]? = { _ in nil }
  ) {
    self.name = name
    needsFacts = false
    self.entry = { event, _ in
      entry(event).map { EncodedFrame($0, of: EntryPlace(event.conversation, event.seq)) }
    }
    self.signal = { signal($0).map { EncodedFrame($0) } }
    self.presence = { presence($0).map { EncodedFrame($0) } }
  }

  /// Describes a wire that needs to know what kind of conversation an entry is of.
  public init(
    name: String, entryWithFacts: @escaping @Sendable (Entry, RoomFacts?) -> EncodedFrame?,
    signal: @escaping @Sendable (Signal) -> EncodedFrame?, presence: @escaping @Sendable (Presence) -> EncodedFrame?
  ) {
    self.name = name
    needsFacts = true
    entry = entryWithFacts
    self.signal = signal
    self.presence = presence
  }

  func encode(_ entry: Entry, _ facts: RoomFacts?) -> EncodedFrame? { self.entry(entry, facts) }

  func encode(_ signal: Signal) -> EncodedFrame? { self.signal(signal) }

  func encode(_ presence: Presence) -> EncodedFrame? { self.presence(presence) }
}

/// One entry on its way to the sessions of a room, with the frames made of it so far.
///
/// - Cost: one object an entry and loop, one frame for each format that the room's sessions speak; nothing per
///   recipient.
final class EncodedEntry {
  let entry: Entry
  /// Of its conversation, as far as the room knows them when the entry is delivered.
  var facts: RoomFacts?
  /// Most rooms speak one format.
  private var first: (format: WireFormat, frame: EncodedFrame?)?
  private var others: [(format: WireFormat, frame: EncodedFrame?)] = []

  init(_ entry: Entry) { self.entry = entry }

  var seq: Int64 { entry.seq }
  /// About how much memory it takes before it is told: of what can be long, a message's text, and the rest.
  var heldBytes: Int {
    switch entry.event {
    case .messageCreated(let message), .messageEdited(let message): 512 + message.text.utf8.count
    default: 512
    }
  }
  /// The size of its longest frame so far.
  var bytes: Int { others.reduce(first?.frame?.bytes.count ?? 0) { max($0, $1.frame?.bytes.count ?? 0) } }

  func frame(in format: WireFormat) -> EncodedFrame? {
    if let first, first.format === format { return first.frame }
    for made in others where made.format === format { return made.frame }
    let frame = format.encode(entry, facts)
    if first == nil { first = (format, frame) } else { others.append((format, frame)) }
    return frame
  }
}
