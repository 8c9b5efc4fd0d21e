import ChatCore
import HTTP1

/// What one answer has cost so far: the pages that were read for it, and the room that it takes.
///
/// - Isolation: the task that answers.
final class AnswerCost: @unchecked Sendable {
  /// Bytes for which no room is asked: 64 KiB, as a server asks for none.
  private static let usual = 64 << 10

  /// Pages that were counted besides the first.
  var furtherPages = 0
  /// The room, once there is need of it; whoever sends the answer keeps it until it is read.
  private(set) var hold: BodyHold?
  private var bytes = 0

  /// More of the answer has gathered.
  ///
  /// - Throws: ``Refusal``, 503 or 429, when there is no room for it.
  func gathered(_ more: Int, _ open: () -> BodyHold) throws {
    bytes += more
    guard bytes > AnswerCost.usual else { return }
    let hold = hold ?? open()
    self.hold = hold
    do throws(HTTP1.Refusal) { try hold.resize(to: bytes) } catch {
      var refusal = Refusal(error.status.code, error.reason)
      refusal.retryAfter = error.retryAfterSeconds.map { Milliseconds($0) * 1_000 }
      throw refusal
    }
  }
}
