import Glibc

/// The entries that were read last: a broadcast brings the same bytes to a thousand sockets, and they are read once.
///
/// What follows what is remembered too: sockets of one room get the same frames in the same order.
///
/// - Limits: ``entriesMax`` frames of at most ``bytesMax`` bytes.
struct FrameCache {
  /// As many as leave in one write, roughly; looking through all of them costs less than reading one.
  static let entriesMax = 16
  /// Longer ones are read each time.
  static let bytesMax = 4_096

  struct Known {
    var bytes: [UInt8] = []
    var entry: Incoming.Entry?
    /// The conversation's place in the run, or a negative number for one of others.
    var place = -1
  }

  private var known = [Known](repeating: Known(), count: FrameCache.entriesMax)
  private var likely = 0
  private var oldest = 0

  /// What these bytes were when they were read.
  mutating func find(_ bytes: UnsafeRawBufferPointer) -> (entry: Incoming.Entry, place: Int)? {
    for step in 0..<Self.entriesMax {
      let at = (likely &+ step) % Self.entriesMax
      guard known[at].bytes.count == bytes.count, let entry = known[at].entry else { continue }
      let isSame = known[at].bytes.withUnsafeBytes { own in
        guard let left = own.baseAddress, let right = bytes.baseAddress else { return false }
        return memcmp(left, right, bytes.count) == 0
      }
      guard isSame else { continue }
      likely = (at &+ 1) % Self.entriesMax
      return (entry, known[at].place)
    }
    return nil
  }

  /// Remembers them.
  mutating func remember(_ bytes: UnsafeRawBufferPointer, _ entry: Incoming.Entry, _ place: Int) {
    guard bytes.count <= Self.bytesMax else { return }
    known[oldest].bytes.removeAll(keepingCapacity: true)
    known[oldest].bytes.append(contentsOf: bytes)
    known[oldest].entry = entry
    known[oldest].place = place
    oldest = (oldest &+ 1) % Self.entriesMax
    likely = oldest
  }
}
