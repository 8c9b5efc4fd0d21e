import ChatCore
import HTTP1

/// The room that long answers share, and how a mount waits for it; Node fills it.
public struct AnswerRoom: Sendable {
  /// How long an answer waits for room in all: old clients do not ask again, and a balancer gives up later.
  static let patience: Milliseconds = 15_000
  /// About how long until it tries again.
  static let retryEvery: Milliseconds = 200
  /// How many answers of one mount on one loop wait: with up to 64 KiB each that have gathered, 16 MiB.
  static let waitingMax = 256
  /// How many of them one user's may be, or those of nobody in particular at one address.
  static let waitingOfOneMax = 64

  /// Bytes of all; what is longer is refused at once.
  let bytesMax: Int
  let hold: @Sendable (UserID?, _ address: String) -> BodyHold
  let pause: @Sendable (Milliseconds) async -> Void

  /// Takes what it needs.
  ///
  /// - Parameters:
  ///   - hold: room for a long answer to that user, or to somebody at that address.
  ///   - pause: lets about so many milliseconds pass, not always as many, so that those who wait do not come together.
  public init(
    bytesMax: Int, hold: @escaping @Sendable (UserID?, _ address: String) -> BodyHold,
    pause: @escaping @Sendable (Milliseconds) async -> Void
  ) {
    self.bytesMax = bytesMax
    self.hold = hold
    self.pause = pause
  }

  /// Has room for whatever comes.
  public static let endless = AnswerRoom(bytesMax: .max, hold: { _, _ in BodyHold() }, pause: { _ in })
}

/// The answers of a mount that wait for room, and whose they are, so that nobody takes all the places.
///
/// - Isolation: its loop.
struct WaitingAnswers {
  /// Whose an answer is.
  enum Owner: Hashable {
    case user(UserID)
    /// Nobody who has signed in.
    case address(String)
  }

  private(set) var count = 0
  private var owned: [Owner: Int] = [:]

  /// Takes a place, if there is one for that owner.
  mutating func enter(_ owner: Owner) -> Bool {
    let own = owned[owner, default: 0]
    guard count < AnswerRoom.waitingMax, own < AnswerRoom.waitingOfOneMax else { return false }
    count += 1
    owned[owner] = own + 1
    return true
  }

  /// Gives a place back that was taken.
  mutating func leave(_ owner: Owner) {
    count -= 1
    owned[owner] = owned[owner].flatMap { $0 > 1 ? $0 - 1 : nil }
  }
}
