import ChatCore
import HTTP1

/// What one answer has cost so far: the pages that were read for it, and the room that it takes.
///
/// Room is taken once, for the most that the answer can become, and before more than a page has gathered: answers that
/// ask for more as they grow fill the room together when each is half done, and then none is ever finished.
///
/// - Isolation: the task that answers.
final class AnswerCost: @unchecked Sendable {
  /// Bytes for which no room is asked: 64 KiB, as a server asks for none.
  private static let usual = 64 << 10

  /// Pages that were counted besides the first.
  var furtherPages = 0
  /// Until when this answer waits for room, once it has begun to.
  var waitsUntil: Milliseconds?
  private var bytes = 0
  private var taken = 0
  private var hold: BodyHold?

  /// Bytes that have gathered without room.
  var uncovered: Int { bytes - taken }

  /// More of the answer has gathered, and so much may still come.
  ///
  /// - Returns: bytes for which there should be room now, if that is more than is taken: what may come is estimated, so
  ///   it asks for half of the room at most.
  func gathered(_ more: Int, rest: Int, in room: AnswerRoom) -> Int? {
    bytes += more
    guard bytes > AnswerCost.usual, bytes > taken else { return nil }
    return max(bytes, min(bytes + rest, room.bytesMax / 2))
  }

  /// Takes room.
  ///
  /// - Returns: why there is none.
  func take(_ wanted: Int, _ open: () -> BodyHold) -> HTTP1.Refusal? {
    let hold = hold ?? open()
    do throws(HTTP1.Refusal) { try hold.resize(to: wanted) } catch { return error }
    (self.hold, taken) = (hold, wanted)
    return nil
  }

  /// The room of the answer as it has been written, so many bytes; whoever sends it keeps that until it is read.
  ///
  /// What it is longer than what was taken, by marks that JSON escapes or by pictures, is taken if it can be: to refuse
  /// it would throw away what is done. More than twice as much, and more than 2 MiB, is refused by the server.
  func room(for length: Int) -> BodyHold? {
    guard let hold else { return nil }
    try? hold.resize(to: length)
    let most = 2 * max(taken, 1 << 20)
    return BodyHold { (_, new) throws(HTTP1.Refusal) in
      do throws(HTTP1.Refusal) { try hold.resize(to: new) } catch { if new > most { throw error } }
    }
  }
}

extension Ask {
  /// Bytes of one element as it is held and written: 256, without a message's text or an address of a picture.
  static let elementBytes = 256

  /// Takes room for what is held until the answer is read, once that is more than usual, and waits for it if need be;
  /// what has not been told so, a server finds for itself.
  ///
  /// - Parameters:
  ///   - bytes: what has gathered since the last time.
  ///   - rest: bytes that may still come.
  /// - Throws: ``Refusal``, 503 or 429, when there is no room for ``AnswerRoom/patience``.
  func gathered(_ bytes: Int, rest: Int = 0) async throws {
    let room = mount.room
    guard let wanted = cost.gathered(bytes, rest: rest, in: room) else { return }
    let open = { room.hold((session?.caller ?? known)?.user, peer) }
    guard var refusal = cost.take(wanted, open) else { return }
    let page = cost.uncovered
    guard wanted <= room.bytesMax, mount.waitingBytes + page <= AnswerRoom.waitingBytesMax else {
      throw Refusal(refusal)
    }
    mount.waitingBytes += page
    defer { mount.waitingBytes -= page }
    let end = cost.waitsUntil ?? mount.now() + AnswerRoom.patience
    cost.waitsUntil = end
    while mount.now() < end {
      await room.pause(AnswerRoom.retryEvery)
      guard let still = cost.take(wanted, open) else { return }
      refusal = still
    }
    throw Refusal(refusal)
  }
}

extension Refusal {
  /// A server's own, in the dialect's frame.
  fileprivate init(_ refusal: HTTP1.Refusal) {
    self.init(refusal.status.code, refusal.reason)
    retryAfter = refusal.retryAfterSeconds.map { Milliseconds($0) * 1_000 }
  }
}
