/// The holes of one conversation's log, as far as a room has come to them: entries are numbered without holes, so
/// somebody has taken rows out of the database, and waiting for them would keep everybody behind the hole for ever.
///
/// - Limits: ``readsMax``; ``most``, and past it the oldest is read for anew, which costs time and loses nothing.
struct LogHoles {
  /// How often a page is read before what it lacks is believed to be gone; the last time from the log itself, since
  /// its copies may all lack the same.
  static let readsMax = 3
  /// Remembered: 4 KiB of a room whose log somebody has spoilt.
  static let most = 256

  /// The first hole that keeps who stands before it waiting, and how often it was read.
  private(set) var suspect: (after: Int64, reads: Int)?
  private var believed: [ClosedRange<Int64>] = []
  private var oldest = 0

  /// Whether the log is asked once more, and believed whatever it says.
  var isLastRead: Bool { suspect?.reads == Self.readsMax - 1 }

  func isBelieved(_ hole: ClosedRange<Int64>) -> Bool {
    believed.contains { $0.lowerBound <= hole.lowerBound && hole.upperBound <= $0.upperBound }
  }

  /// A page has stopped there.
  ///
  /// - Returns: whether it was read often enough for all that it lacks to be believed.
  mutating func wasRead(_ hole: ClosedRange<Int64>) -> Bool {
    let after = hole.lowerBound - 1
    let reads = (suspect?.after == after ? suspect?.reads ?? 0 : 0) + 1
    suspect = reads < Self.readsMax ? (after, reads) : nil
    return suspect == nil
  }

  mutating func believe(_ hole: ClosedRange<Int64>) {
    if believed.count < Self.most { return believed.append(hole) }
    believed[oldest] = hole
    oldest = (oldest + 1) % Self.most
  }

  /// A page had all that comes between these two.
  mutating func passed(after from: Int64, upTo end: Int64) {
    if let suspect, from <= suspect.after, suspect.after < end { self.suspect = nil }
  }
}
