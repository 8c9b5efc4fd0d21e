import CLinux
import Synchronization

/// Gives memory that a burst has freed back to the system; at most once in a while for the whole process.
enum MemoryTrim {
  /// How long after a burst: while it lasts the memory would be asked for again.
  static let quietMilliseconds: Int64 = 5_000

  private static let last = Atomic<Int64>(Int64.min / 2)

  static func run(now: Int64) {
    let before = last.load(ordering: .relaxed)
    guard now &- before >= quietMilliseconds else { return }
    guard last.compareExchange(expected: before, desired: now, ordering: .relaxed).exchanged else { return }
    clinux_trim_memory()
  }
}
