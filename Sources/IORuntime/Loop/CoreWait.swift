import Glibc

/// How much of the time a thread is ready to run and has no core: what tells a busy machine from a busy loop.
///
/// - Units: milliseconds of the loop's clock; nanoseconds of the kernel's count.
/// - Source: proc_pid_schedstat, the second number: time spent in a run queue. Where the kernel does not count that, it
///   is never much.
struct CoreWait {
  /// How long a share is counted over: many slices of the scheduler's, and soon enough for who waits.
  static let countedOver: Int64 = 50
  /// A count older than this tells nothing of now.
  static let forgottenAfter: Int64 = 500
  /// A share from which others on the machine wait noticeably too: a loop with little to do waits a fiftieth for its
  /// wakings.
  static let muchFrom = 0.1

  private var since: Int64?
  private var waited: Int64 = 0
  private var wasMuch = false

  /// Whether it is much now; `count` says how long the thread has waited in all, nil when nobody knows.
  mutating func isMuch(at now: Int64, count: () -> Int64?) -> Bool {
    let passed = since.map { now &- $0 } ?? .max
    guard passed >= Self.countedOver else { return wasMuch }
    guard let total = count() else { return false }
    let share = Double(total &- waited) / (Double(passed) * 1_000_000)
    wasMuch = passed < Self.forgottenAfter && share >= Self.muchFrom
    (since, waited) = (now, total)
    return wasMuch
  }

  /// What the kernel has counted of the calling thread.
  static func ofThisThread() -> Int64? {
    let file = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var text = [UInt8](repeating: 0, count: 64)
    let count = read(file, &text, text.count)
    guard count > 0 else { return nil }
    let numbers = text[..<count].split(separator: UInt8(ascii: " "))
    return numbers.count > 1 ? Int64(String(decoding: numbers[1], as: UTF8.self)) : nil
  }
}
