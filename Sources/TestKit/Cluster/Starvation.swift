import Glibc
import Synchronization

/// How long the threads of this process and of all that it started were ready to run and got no core.
///
/// Where others use the machine a send may take seconds although nothing held it up; what was waited for a core is
/// therefore taken off the times that a test judges. A test alone on two cores waits some tenths of a second in one.
/// - Isolation: thread-safe.
/// - Source: the second number of `/proc/<pid>/task/<tid>/schedstat`, in nanoseconds; where a kernel does not count
///   it, it is 0, and times are judged as they are.
public enum Starvation {
  private struct State {
    var threads: [Int32: Int64] = [:]
    var total: Moment = 0
  }

  private static let state = Mutex(State())

  /// Microseconds since the process began, of all threads together; only ever grows.
  public static func waited() -> Moment {
    let delays = delaysOfThreads()
    return state.withLock { state in
      // Whoever is new began to wait after the last look, except at the first.
      let isFirst = state.threads.isEmpty
      for (thread, delay) in delays where !isFirst { state.total += max(0, delay - state.threads[thread, default: 0]) }
      state.threads = delays
      return state.total / 1_000
    }
  }

  private static func delaysOfThreads() -> [Int32: Int64] {
    var delays: [Int32: Int64] = [:]
    var processes = [getpid()]
    while let process = processes.popLast() {
      for thread in names(in: "/proc/\(process)/task").compactMap({ Int32($0) }) {
        let place = "/proc/\(process)/task/\(thread)"
        let numbers = words(of: place + "/schedstat")
        if numbers.count > 1 { delays[thread] = numbers[1] }
        processes += words(of: place + "/children").map { pid_t(truncatingIfNeeded: $0) }
      }
    }
    return delays
  }

  private static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) { name in
          name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names
  }

  private static func words(of file: String) -> [Int64] {
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return [] }
    let words = bytes.prefix(count).split { $0 == 0x20 || $0 == 0x0a }
    return words.compactMap { Int64(String(decoding: $0, as: UTF8.self)) }
  }
}
