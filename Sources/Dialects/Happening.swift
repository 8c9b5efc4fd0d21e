import ChatCore
import Delivery
import JSONText

/// What a dialect announces: an entry of a log with the facts of its conversation, or a signal.
public enum Happening: Sendable {
  /// An entry.
  case entry(Entry, RoomFacts)
  /// A signal; the dialect's own relays are told by themselves.
  case signal(Signal)
  /// Somebody whom the session watches has come or gone.
  case presence(Author, isOnline: Bool)
}

/// What is told because of it, and to which of the sessions that follow the conversation or user.
///
/// - Shape: `.init(Words("new_message", […]), to: .others(than: message.sender.id))`.
public struct Announcement: Sendable, Equatable {
  /// What is told, if anything.
  public let words: Words?
  /// To whom.
  public let audience: Audience
  /// Whose coming and going those sessions are told from now on, where they may know it (``Ask/watch(_:)``).
  public let watching: [Author]
  /// The member of the first argument that holds the name of who is told; such words are written for each of them.
  public let reader: String?

  /// An announcement by its parts.
  public init(
    _ words: Words?, to audience: Audience = .everyone, watching: [Author] = [], reader: String? = nil
  ) {
    self.words = words
    self.reader = reader
    self.audience = audience
    self.watching = watching
  }
}

/// The announcements of one happening, encoded; each session takes those that are for it.
final class AddressedFrames {
  struct Part {
    let audience: Audience
    let frame: EncodedFrame?
    /// What is written for each, by his name; then there is no ``frame``.
    var personal: (@Sendable (String) -> Words)?
    var watching: [Author] = []
  }

  let parts: [Part]
  /// Whose coming or going this tells.
  let presence: Presence?
  /// A question or an answer of a roll call, which clients do not hear.
  let call: RollCall?
  /// The number of the entry that this tells of; nil when it tells of none.
  let seq: Int64?

  init(_ parts: [Part], _ presence: Presence? = nil, _ call: RollCall? = nil, seq: Int64? = nil) {
    self.parts = parts
    self.presence = presence
    self.call = call
    self.seq = seq
  }
}

extension WireFormat {
  /// A dialect's wire; `names` has those whom its sessions watch.
  static func dialect(_ dialect: Dialect, _ voice: Voice, _ names: WatchedNames) -> WireFormat {
    WireFormat(
      name: dialect.name,
      entryWithFacts: { entry, facts in
        facts.flatMap { EncodedFrame(dialect.announce(.entry(entry, $0), voice), dialect.carrier, seq: entry.seq) }
      },
      signal: { signal in
        guard case .relayed(let relay) = signal else {
          return EncodedFrame(dialect.announce(.signal(signal), voice), dialect.carrier)
        }
        guard relay.wire == dialect.name else {
          return RollCall(relay, of: dialect).map { EncodedFrame([], addressed: AddressedFrames([], nil, $0)) }
        }
        return EncodedFrame([.init(audience: relay.audience, frame: EncodedFrame(Array(relay.body.utf8)))])
      },
      presence: { presence in
        guard let name = names[presence.user] else { return nil }
        let author = Author(id: presence.user, username: name)
        let told = dialect.announce(.presence(author, isOnline: presence.status == .online), voice)
        return EncodedFrame(told, dialect.carrier, presence)
      })
  }
}

extension EncodedFrame {
  /// Nil when there is nothing to be told.
  convenience init?(
    _ announcements: [Announcement], _ carrier: Carrier, _ presence: Presence? = nil, seq: Int64? = nil
  ) {
    self.init(
      announcements.map { told in
        guard let words = told.words, let member = told.reader else {
          let frame = told.words.map { EncodedFrame($0.text(in: carrier)) }
          return .init(audience: told.audience, frame: frame, watching: told.watching)
        }
        let personal: @Sendable (String) -> Words = { words.naming($0, as: member) }
        return .init(audience: told.audience, frame: nil, personal: personal, watching: told.watching)
      }, presence, seq: seq)
  }

  convenience init?(_ parts: [AddressedFrames.Part], _ presence: Presence? = nil, seq: Int64? = nil) {
    guard !parts.isEmpty else { return nil }
    let longest = parts.compactMap { $0.frame?.bytes }.max { $0.count < $1.count }
    self.init(longest ?? [], addressed: AddressedFrames(parts, presence, seq: seq))
  }
}
