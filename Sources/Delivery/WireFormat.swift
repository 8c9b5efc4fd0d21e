import ChatCore

/// How one wire says what has happened: a name and two functions from values to bytes, run once per event and format.
public final class WireFormat: Sendable {
  /// Shows in metrics: `native`, `socketio`, a dialect's name.
  public let name: String
  private let entry: @Sendable (Entry) -> [UInt8]?
  private let signal: @Sendable (Signal) -> [UInt8]?
  private let presence: @Sendable (Presence) -> [UInt8]?

  /// Describes a wire; nil from a function means that the wire does not tell such a thing.
  public init(
    name: String, entry: @escaping @Sendable (Entry) -> [UInt8]?, signal: @escaping @Sendable (Signal) -> [UInt8]?,
    presence: @escaping @Sendable (Presence) -> [UInt8]? = { _ in nil }
  ) {
    self.name = name
    self.entry = entry
    self.signal = signal
    self.presence = presence
  }

  func encode(_ entry: Entry) -> EncodedFrame? {
    self.entry(entry).map { EncodedFrame($0, of: EntryPlace(entry.conversation, entry.seq)) }
  }

  func encode(_ signal: Signal) -> EncodedFrame? { self.signal(signal).map { EncodedFrame($0) } }

  func encode(_ presence: Presence) -> EncodedFrame? { self.presence(presence).map { EncodedFrame($0) } }
}

/// One entry on its way to the sessions of a room, with the frames made of it so far.
///
/// - Cost: one object an entry and loop, one frame for each format that the room's sessions speak; nothing per
///   recipient.
final class EncodedEntry {
  let entry: Entry
  private var frames: [(format: WireFormat, frame: EncodedFrame?)] = []

  init(_ entry: Entry) { self.entry = entry }

  var seq: Int64 { entry.seq }
  /// The size of its longest frame so far.
  var bytes: Int { frames.reduce(0) { max($0, $1.frame?.bytes.count ?? 0) } }

  func frame(in format: WireFormat) -> EncodedFrame? {
    for made in frames where made.format === format { return made.frame }
    let frame = format.encode(entry)
    frames.append((format, frame))
    return frame
  }
}
