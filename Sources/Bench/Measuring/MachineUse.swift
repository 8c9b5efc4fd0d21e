import Glibc

/// What a whole machine has used of its cores so far, whoever did: what a run's own processes did not is what shared
/// the cores with them.
///
/// - Units: seconds of CPU, counted by the clock's ticks, so that of a run of seconds a twentieth is noise. Those of
///   interrupts are left out: whether a process is charged for them too depends on the kernel.
/// - Source: proc(5), `stat`.
struct MachineUse: Sendable, Equatable {
  /// Seconds in which a core ran a process, or a thread of the system's.
  var busy = 0.0
  /// Seconds in which a core of a virtual machine had something to do, and the host let another run.
  var stolen = 0.0

  /// Looks now; nil where the system does not say.
  static var now: MachineUse? {
    MachineUse(String(decoding: SmallFile.read("/proc/stat") ?? [], as: UTF8.self))
  }

  /// Reads the first line of the file: `cpu`, then user, nice, system, idle, iowait, irq, softirq and steal.
  init?(_ text: String) {
    let words = text.prefix { $0 != "\n" }.split(separator: " ")
    guard words.count > 8, words[0] == "cpu" else { return nil }
    let seconds = words[1...8].map { (Double($0) ?? 0) / Double(max(1, sysconf(CInt(_SC_CLK_TCK)))) }
    busy = seconds[0] + seconds[1] + seconds[2]
    stolen = seconds[7]
  }
}
