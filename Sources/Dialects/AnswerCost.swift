import ChatCore
import HTTP1

/// What one answer has cost so far: the pages that were read for it, and the room that it takes.
///
/// Room is taken once, for the most that the answer can become, and before 64 KiB have gathered: answers that
/// ask for more as they grow fill the room together when each is half done, and then none is ever finished.
///
/// - Isolation: the task that answers.
final class AnswerCost: @unchecked Sendable {
  /// Bytes for which no room is asked: 64 KiB, a page or two.
  private static let usual = 64 << 10

  /// Pages that were counted besides the first.
  var furtherPages = 0
  /// Until when this answer waits for room, once it has begun to.
  var waitsUntil: Milliseconds?
  private var bytes = 0
  private var taken = 0
  private var hold: BodyHold?

  /// More of the answer has gathered, and so much may still come.
  ///
  /// - Returns: bytes for which there should be room now, if that is more than is taken: what may come is estimated, so
  ///   it asks for half of the room at most.
  func gathered(_ more: Int, rest: Int, in room: AnswerRoom) -> Int? {
    bytes += more
    guard bytes > AnswerCost.usual, bytes > taken else { return nil }
    return max(bytes, min(bytes + rest, room.bytesMax / 2))
  }

  /// It is dropped again until there is room.
  func dropped(_ more: Int) { bytes -= more }

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
  /// it would throw away what is done, so a server does not either.
  func room(for length: Int) -> BodyHold? {
    try? hold?.resize(to: length)
    return hold
  }
}

extension Ask {
  /// Bytes of one element as it is held and written: 256, without a message's text or an address of a picture.
  static let elementBytes = 256

  /// Reads a part of the answer, and takes room for what is held until it is sent, once that is more than usual.
  ///
  /// Where there is none it is waited for, and the part read again: a page may have megabytes, and many wait. What has
  /// not been told so, a server finds for itself.
  ///
  /// - Parameter weigh: bytes of the part, and those that may still come after it.
  /// - Throws: ``Refusal``, 503 or 429, when there is no room for ``AnswerRoom/patience``.
  func gathered<Part>(
    _ read: () async throws -> Part, weigh: (Part) -> (bytes: Int, rest: Int)
  ) async throws -> Part {
    while true {
      let (part, wanted) = try await fitting(read, weigh)
      if let part { return part }
      try await waitForRoom(wanted)
    }
  }

  /// A part that there is room for, else nothing of it, and how much room that would be.
  private func fitting<Part>(
    _ read: () async throws -> Part, _ weigh: (Part) -> (bytes: Int, rest: Int)
  ) async throws -> (Part?, wanted: Int) {
    let part = try await read()
    let (bytes, rest) = weigh(part)
    guard let wanted = cost.gathered(bytes, rest: rest, in: mount.room), takeRoom(wanted) != nil else {
      return (part, 0)
    }
    cost.dropped(bytes)
    return (nil, wanted)
  }

  private func takeRoom(_ wanted: Int) -> HTTP1.Refusal? {
    cost.take(wanted) { mount.room.hold(user, peer) }
  }

  private var user: UserID? { (session?.caller ?? known)?.user }

  private func waitForRoom(_ wanted: Int) async throws {
    guard var refusal = takeRoom(wanted) else { return }
    let owner = user.map { WaitingAnswers.Owner.user($0) } ?? .address(peer)
    guard wanted <= mount.room.bytesMax, mount.waiting.enter(owner) else { throw Refusal(refusal) }
    defer { mount.waiting.leave(owner) }
    let end = cost.waitsUntil ?? mount.now() + AnswerRoom.patience
    cost.waitsUntil = end
    while mount.now() < end {
      await mount.room.pause(AnswerRoom.retryEvery)
      guard let still = takeRoom(wanted) else { return }
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
