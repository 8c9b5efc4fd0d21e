import Glibc

/// What a process and its descendants have used so far.
///
/// - Units: seconds of CPU, user and system, to a hundredth; bytes resident in memory, and of them those that are the
///   process's own. Memory that processes share is counted in each.
/// - Source: proc(5), `stat` and `status`. The time of children that have ended is their parents'.
public struct ProcessUse: Sendable, Equatable {
  /// Seconds of CPU.
  public var cpu = 0.0
  /// Bytes resident.
  public var resident = 0.0
  /// Bytes resident that are no file's and nobody else's.
  public var own = 0.0

  /// Nothing.
  public init() {}

  /// Looks now; nothing of a process that is not there.
  public static func now(of pids: [Int32]) -> [Int32: ProcessUse] {
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
    cpu += fields[11...14].reduce(0) { $0 + (Double($1) ?? 0) } / Double(max(1, sysconf(CInt(_SC_CLK_TCK))))
    for line in Self.text("/proc/\(pid)/status").split(separator: "\n") {
      let words = line.split { $0 == " " || $0 == "\t" }
      guard words.count >= 2, let kilobytes = Double(words[1]) else { continue }
      if words[0] == "VmRSS:" { resident += kilobytes * 1_024 }
      if words[0] == "RssAnon:" { own += kilobytes * 1_024 }
    }
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
