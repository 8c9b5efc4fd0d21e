import Glibc

/// What a process and its descendants have used so far.
///
/// - Units: seconds of CPU, user and system; bytes resident in memory, and of them those that are the
///   process's own. Of memory that n processes share, each is charged an n-th: thirty backends of PostgreSQL have its
///   buffers once.
/// - Source: proc(5), `stat`, `schedstat`, `smaps_rollup` (Pss) and `status`. The time of children that have ended is
///   their parents'.
struct ProcessUse: Sendable, Equatable {
  /// Seconds of CPU.
  var cpu = 0.0
  /// Bytes resident, its part of what is shared included.
  var resident = 0.0
  /// Bytes resident that are no file's and nobody else's.
  var own = 0.0

  /// Looks now; nothing of a process that is not there.
  static func now(of pids: [Int32]) -> [Int32: ProcessUse] {
    let parents = parentsOfAll()
    var uses: [Int32: ProcessUse] = [:]
    for pid in pids {
      var use = ProcessUse()
      for member in family(of: pid, parents) { use.add(member) }
      uses[pid] = use
    }
    return uses
  }

  private mutating func add(_ pid: Int32) {
    guard let fields = Self.fields(pid), fields.count > 16 else { return }
    // After the name: state, parent, …; 11 to 14 are the user's and the system's time, own and of ended children.
    let ticks = fields[11...14].map { (Double($0) ?? 0) / Double(max(1, sysconf(CInt(_SC_CLK_TCK)))) }
    cpu += Self.finer(ticks[0] + ticks[1], pid) + ticks[2] + ticks[3]
    let status = Self.kilobytes("/proc/\(pid)/status")
    let anonymous = status["RssAnon"] ?? 0
    own += anonymous * 1_024
    // Another user's process is not ours to look into: what is a file's counts, what is shared cannot.
    resident += (Self.kilobytes("/proc/\(pid)/smaps_rollup")["Pss"] ?? anonymous + (status["RssFile"] ?? 0)) * 1_024
  }

  /// The time of the threads that live, to the nanosecond, where it says the same: what little a Redis uses in a second
  /// is a tick or none. Where threads have ended, theirs is in the ticks alone.
  private static func finer(_ ticks: Double, _ pid: Int32) -> Double {
    guard let folder = opendir("/proc/\(pid)/task") else { return ticks }
    defer { closedir(folder) }
    var nanoseconds = 0.0
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard name != ".", name != ".." else { continue }
      nanoseconds += Double(text("/proc/\(pid)/task/\(name)/schedstat").split(separator: " ").first ?? "") ?? 0
    }
    let seconds = nanoseconds / 1_000_000_000
    return abs(seconds - ticks) < 0.03 ? seconds : ticks
  }

  private static func kilobytes(_ path: String) -> [Substring: Double] {
    let lines = text(path).split(separator: "\n").map { $0.split { $0 == " " || $0 == "\t" || $0 == ":" } }
    let pairs = lines.filter { $0.count == 3 && $0[2] == "kB" }.map { ($0[0], Double($0[1]) ?? 0) }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }

  private static func family(of pid: Int32, _ parents: [Int32: Int32]) -> [Int32] {
    var found: Set<Int32> = [pid]
    var grew = true
    while grew {
      let more = parents.filter { found.contains($0.value) && !found.contains($0.key) }.map(\.key)
      found.formUnion(more)
      grew = !more.isEmpty
    }
    return Array(found)
  }

  private static func parentsOfAll() -> [Int32: Int32] {
    guard let folder = opendir("/proc") else { return [:] }
    defer { closedir(folder) }
    var parents: [Int32: Int32] = [:]
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard let pid = Int32(name), let fields = fields(pid), fields.count > 1 else { continue }
      parents[pid] = Int32(fields[1])
    }
    return parents
  }

  /// The fields behind the name, which may have blanks and brackets itself.
  private static func fields(_ pid: Int32) -> [Substring]? {
    let text = text("/proc/\(pid)/stat")
    guard let end = text.lastIndex(of: ")") else { return nil }
    return text[text.index(after: end)...].split(separator: " ")
  }

  private static func text(_ path: String) -> String { String(decoding: SmallFile.read(path) ?? [], as: UTF8.self) }
}

extension ProcessUse {
  static func - (left: ProcessUse, right: ProcessUse) -> ProcessUse {
    var difference = ProcessUse()
    difference.cpu = left.cpu - right.cpu
    difference.resident = left.resident - right.resident
    difference.own = left.own - right.own
    return difference
  }
}
