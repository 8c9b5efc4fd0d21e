import Glibc
import JSONText

/// The machine that a result was measured on.
enum Machine {
  static var json: JSONValue {
    var names = utsname()
    uname(&names)
    return [
      "cpu": .string(value(of: "model name", in: "/proc/cpuinfo") ?? "unknown"),
      "cores": .integer(Int64(sysconf(CInt(_SC_NPROCESSORS_ONLN)))),
      "memory_bytes": .integer(memory), "kernel": .string(text(names.release)), "system": .string(text(names.sysname)),
      "load": .string(load), "open_files": .integer(openFiles),
    ]
  }

  private static var memory: Int64 {
    let words = value(of: "MemTotal", in: "/proc/meminfo")?.split(separator: " ")
    return (words?.first.flatMap { Int64($0) } ?? 0) * 1_024
  }

  private static var load: String {
    String(decoding: SmallFile.read("/proc/loadavg") ?? [], as: UTF8.self).split(separator: " ").prefix(3)
      .joined(separator: " ")
  }

  /// Descriptors that a process may have.
  static var openFiles: Int64 {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
    return Int64(clamping: limit.rlim_cur)
  }

  private static func value(of name: String, in path: String) -> String? {
    let lines = String(decoding: SmallFile.read(path) ?? [], as: UTF8.self).split(separator: "\n")
    guard let line = lines.first(where: { $0.hasPrefix(name) }), let colon = line.firstIndex(of: ":") else {
      return nil
    }
    return String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
  }

  private static func text<Tuple>(_ characters: Tuple) -> String {
    withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
