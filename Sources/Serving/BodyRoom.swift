import HTTP1
import Synchronization

/// Bytes that long bodies may take together, and a share of them for everybody: what is announced is taken before it is
/// read, and given back when nobody keeps the body, so that memory in flight is bounded however many send.
///
/// An account has a quarter of the room, an address a half: an office behind one address is many accounts, and whoever
/// makes many accounts has one address. Who holds nothing may take one body however long it is, so that a share is
/// never less than a file. Nobody waits for room: two bodies, each half taken, would wait for each other.
///
/// - Isolation: thread-safe; the loops of a node share one.
public final class BodyRoom: Sendable {
  /// What stands in it; says how to refuse.
  public enum Purpose: Sendable {
    /// What clients send.
    case uploads
    /// What they read.
    case answers
  }

  /// Who has a share of it.
  public enum Holder: Hashable, Sendable {
    /// Who has signed in, by his id.
    case account(String)
    /// Where a client is, as `IPAddress.block(of:)` has it.
    case address(String)

    /// Of how many parts he has one.
    var parts: Int {
      switch self {
      case .account: 4
      case .address: 2
      }
    }
  }

  private struct State {
    var taken = 0
    /// Bodies that have some of it.
    var bodies = 0
    var held: [Holder: Int] = [:]
  }

  private let all: Int
  private let purpose: Purpose
  private let state = Mutex(State())
  private let scarce = Atomic(false)

  /// Room for so many bytes: 128 MiB, five of the largest files at once, or a dozen of the longest histories.
  public init(bytesMax: Int = 128 << 20, for purpose: Purpose = .uploads) {
    all = bytesMax
    self.purpose = purpose
  }

  /// Bytes that are taken now.
  public var taken: Int { state.withLock { $0.taken } }

  /// Whether more than half is taken, and by more than one body: nobody makes place for himself.
  var isScarce: Bool { scarce.load(ordering: .relaxed) }

  /// A body's room, of nothing yet, that counts for those holders.
  ///
  /// - Throws: its `resize(to:)` what ``Purpose`` says of a room or a share that is full.
  public func hold(for holders: [Holder]) -> BodyHold {
    BodyHold { [self] (old, new) throws(Refusal) in try change(old, new, holders) }
  }

  private func change(_ old: Int, _ new: Int, _ holders: [Holder]) throws(Refusal) {
    try state.withLock { (state) throws(Refusal) in
      if new > old {
        for holder in holders {
          let others = state.held[holder, default: 0] - old
          guard others <= 0 || others + new <= all / holder.parts else { throw purpose.refusal(shareOf: holder) }
        }
        guard state.taken - old + new <= all else { throw purpose.refusal }
      }
      state.taken += new - old
      state.bodies += (new > 0 ? 1 : 0) - (old > 0 ? 1 : 0)
      for holder in holders {
        let held = state.held[holder, default: 0] + new - old
        state.held[holder] = held > 0 ? held : nil
      }
      scarce.store(state.taken > all / 2 && state.bodies > 1, ordering: .relaxed)
    }
  }
}

extension BodyRoom.Purpose {
  /// How long whoever is refused leaves the others to it, in seconds.
  private static let retryAfter = 2

  /// Others take the room there is.
  var refusal: Refusal {
    switch self {
    case .uploads:
      Refusal(
        503, "uploads_full", "This node takes as many large bodies as it may; send it again.",
        retryAfterSeconds: Self.retryAfter)
    case .answers:
      Refusal(
        503, "answers_full", "This node holds as many long answers as it may until they are read; ask again.",
        retryAfterSeconds: Self.retryAfter)
    }
  }

  func refusal(shareOf holder: BodyRoom.Holder) -> Refusal {
    let (code, whose) =
      switch holder {
      case .account: ("account", "Your account")
      case .address: ("address", "Your address")
      }
    return switch self {
    case .uploads:
      Refusal(
        429, "uploads_of_\(code)_full",
        "\(whose) sends as many large bodies at once as it may; send this when one of them has arrived.",
        retryAfterSeconds: Self.retryAfter)
    case .answers:
      Refusal(
        429, "answers_of_\(code)_full",
        "\(whose) has as many long answers unread as it may; read them, then ask again.",
        retryAfterSeconds: Self.retryAfter)
    }
  }
}
