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
  /// What is told.
  public let words: Words
  /// To whom.
  public let audience: Audience

  /// An announcement by its parts.
  public init(_ words: Words, to audience: Audience = .everyone) {
    self.words = words
    self.audience = audience
  }
}

/// The announcements of one happening, encoded; each session takes those that are for it.
final class AddressedFrames {
  struct Part {
    let audience: Audience
    let frame: EncodedFrame
  }

  let parts: [Part]

  init(_ parts: [Part]) { self.parts = parts }
}

extension WireFormat {
  /// A dialect's wire.
  static func dialect(_ dialect: Dialect, _ voice: Voice) -> WireFormat {
    WireFormat(
      name: dialect.name,
      entryWithFacts: { entry, facts in
        facts.flatMap { EncodedFrame(dialect.announce(.entry(entry, $0), voice), dialect.carrier) }
      },
      signal: { signal in
        guard case .relayed(let relay) = signal else {
          return EncodedFrame(dialect.announce(.signal(signal), voice), dialect.carrier)
        }
        guard relay.wire == dialect.name else { return nil }
        return EncodedFrame([.init(audience: relay.audience, frame: EncodedFrame(Array(relay.body.utf8)))])
      })
  }
}

extension EncodedFrame {
  /// Nil when there is nothing to be told.
  convenience init?(_ announcements: [Announcement], _ carrier: Carrier) {
    self.init(
      announcements.map { .init(audience: $0.audience, frame: EncodedFrame($0.words.text(in: carrier))) })
  }

  convenience init?(_ parts: [AddressedFrames.Part]) {
    guard let longest = parts.max(by: { $0.frame.bytes.count < $1.frame.bytes.count }) else { return nil }
    self.init(longest.frame.bytes, addressed: AddressedFrames(parts))
  }
}
