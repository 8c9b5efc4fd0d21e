import CLinux
import Synchronization

/// Gives memory that a burst has freed back to the system: what is free at the end of the calling loop's heap, and at
/// most once in a while all else that is free in the process.
enum MemoryTrim {
  /// How long after a burst: while it lasts the memory would be asked for again.
  static let quietMilliseconds: Int64 = 5_000

  /// Half of what a heap may keep free at its end: glibc begins with 64 KiB, which a few pages of history that are
  /// answered at once exceed, so that each time they would be given back, and asked for again by a page fault for each
  /// 4 KiB.
  static let keptBytes = 1 << 20

  /// Keeps what a tick has freed for the next one; as often as wanted, and before the loops run.
  static func keepForNextTick() { clinux_keep_memory(keptBytes) }

  private static let last = Atomic<Int64>(Int64.min / 2)

  static func run(now: Int64) {
    // Each loop its own, whoever does the rest for all: malloc_trim leaves the end of a thread's heap as it is.
    clinux_trim_end_of_heap(keptBytes)
    let before = last.load(ordering: .relaxed)
    guard now &- before >= quietMilliseconds else { return }
    guard last.compareExchange(expected: before, desired: now, ordering: .relaxed).exchanged else { return }
    clinux_trim_memory()
  }
}

/// Tells when most of a crowd has left: what thousands of connections held is then given back, which the allocator
/// would keep for the next ones.
///
/// - Limits: crowds of ``least`` and more.
struct CrowdMark {
  /// Descriptors below which it is not worth a look at the whole heap: 1,024, some megabytes.
  static let least = 1_024

  private var most = 0

  /// So many are there now; true when fewer than half are left of the most that there were since it was last true.
  mutating func hasLeft(_ count: Int) -> Bool {
    most = max(most, count)
    guard most >= CrowdMark.least, count < most / 2 else { return false }
    most = count
    return true
  }
}
