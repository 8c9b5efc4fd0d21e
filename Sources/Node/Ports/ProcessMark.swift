import Glibc

/// Which process of which machine somebody is, so that others there can see for certain that he has died.
///
/// - Shape: the machine's boot, its namespace of process ids, the id, and when the kernel started it:
///   `6b0e… pid:[4026531836] 812 7713`.
struct ProcessMark: Equatable {
  private let place: String
  private let pid: Int32
  private let start: String

  var text: String { "\(place) \(pid) \(start)" }

  /// This process; nil where the kernel does not say.
  static func own() -> ProcessMark? {
    guard let place = hereabouts(), let state = state(of: getpid()) else { return nil }
    return ProcessMark(place: place, pid: getpid(), start: state.start)
  }

  /// Whether the process of that mark has died for certain; one elsewhere, or one that cannot be looked at, has not.
  static func isGone(_ text: String) -> Bool {
    let words = text.split(separator: " ")
    guard words.count == 4, let pid = Int32(words[2]), pid > 0, let place = hereabouts(),
      place == "\(words[0]) \(words[1])"
    else { return false }
    guard kill(pid, 0) == 0 || errno != ESRCH else { return true }
    guard let state = state(of: pid) else { return false }
    return state.isDead || state.start != words[3]
  }

  private init(place: String, pid: Int32, start: String) {
    (self.place, self.pid, self.start) = (place, pid, start)
  }

  /// Where process ids mean the same as here.
  private static func hereabouts() -> String? {
    var buffer = [CChar](repeating: 0, count: 256)
    let count = readlink("/proc/self/ns/pid", &buffer, buffer.count)
    guard count > 0, count < buffer.count, let boot = SettingFile.text(at: "/proc/sys/kernel/random/boot_id") else {
      return nil
    }
    return "\(boot) \(String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self))"
  }

  /// - Source: proc(5), `/proc/[pid]/stat`: the third field and the 22nd; the second may hold blanks and parentheses.
  private static func state(of pid: Int32) -> (isDead: Bool, start: String)? {
    guard let text = SettingFile.text(at: "/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count > 19 else { return nil }
    return (fields[0] == "Z" || fields[0] == "X", String(fields[19]))
  }
}
