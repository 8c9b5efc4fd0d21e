import Glibc

/// What the kernel says of this process, under the names that every dashboard knows.
///
/// - Source: proc(5); Prometheus, "Writing client libraries", standard and runtime collectors.
struct ProcessVitals: Sendable {
  /// Milliseconds on processors.
  var processorTime: Int64
  var residentBytes: Int64
  var openFiles: Int64
  /// What the process may open.
  var filesMax: Int64

  static func now() -> ProcessVitals {
    var spent = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent)
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(UInt32(RLIMIT_NOFILE.rawValue)), &limit)
    return ProcessVitals(
      processorTime: Int64(spent.tv_sec) * 1_000 + Int64(spent.tv_nsec) / 1_000_000,
      residentBytes: residentPages() * Int64(sysconf(Int32(_SC_PAGESIZE))), openFiles: files(),
      filesMax: Int64(clamping: limit.rlim_cur))
  }

  /// The second number of /proc/self/statm; 0 where there is none.
  private static func residentPages() -> Int64 {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, 128, file) != nil else { return 0 }
    let words = String(decoding: line.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: " ")
    return words.count > 1 ? Int64(words[1]) ?? 0 : 0
  }

  /// Entries of /proc/self/fd, but for itself, its parent and the one that looks. With 18,000 of them it takes some
  /// milliseconds: a scrape's worth.
  private static func files() -> Int64 {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count: Int64 = -3
    while readdir(directory) != nil { count += 1 }
    return max(0, count)
  }
}

extension MetricsText {
  mutating func write(process vitals: ProcessVitals) {
    sample(
      "process_cpu_seconds_total", .counter, "Seconds on processors.", milliseconds: vitals.processorTime)
    sample("process_resident_memory_bytes", .gauge, "Memory that is in use.", [], vitals.residentBytes)
    sample("process_open_fds", .gauge, "Files that are open.", [], vitals.openFiles)
    sample("process_max_fds", .gauge, "Files that may be open.", [], vitals.filesMax)
  }
}
