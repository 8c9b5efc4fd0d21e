import ChatCore
import Client
import Glibc
import IORuntime

/// `martlet drain`: has a node step aside: it is not ready any more, still serves who comes, and tells its clients to
/// go, each after its own delay. SIGTERM then ends it. For what must happen before a supervisor may end a process, such
/// as `preStop` of Kubernetes; where the balancer sees `/readyz`, SIGTERM alone does it all.
///
/// - Shape: `--pid N` (1, the first process of a container), `--wait` until no client is left, `--least S` but at least
///   for so long, while balancers learn of it.
/// - Limits: waits no longer than the grace period; exit code 1 when clients are left then.
struct LeaveOrder: Equatable {
  var pid: pid_t = 1
  var waits = false
  var leastSeconds = 0

  /// An hour, as for the grace period.
  static let leastSecondsMax = 3_600

  init(_ arguments: [String]) throws(StartFailure) {
    var rest = arguments[...]
    while let option = rest.popFirst() {
      switch option {
      case "--wait": waits = true
      case "--pid":
        guard let number = rest.popFirst().flatMap({ pid_t($0) }), number > 0 else {
          throw StartFailure("--pid takes a process id.")
        }
        pid = number
      case "--least":
        guard let number = rest.popFirst().flatMap({ Int($0) }), (0...LeaveOrder.leastSecondsMax).contains(number)
        else { throw StartFailure("--least takes seconds, 0 to \(LeaveOrder.leastSecondsMax).") }
        leastSeconds = number
      default: throw StartFailure("drain knows --wait, --pid and --least.")
      }
    }
  }

  static func run(_ invocation: Program.Invocation) -> Int32 {
    let order: LeaveOrder
    do throws(StartFailure) { order = try LeaveOrder(invocation.arguments) } catch {
      return Program.refuse(error.description)
    }
    guard let configuration = OneLoop.configuration(invocation, for: .ask) else { return OneLoop.wrongSettings }
    return OneLoop.run { loop in
      do {
        try order.tell()
        return order.waits ? try await order.wait(configuration, on: loop) : 0
      } catch {
        Terminal.complain("\(error)")
        return 1
      }
    }
  }

  /// The signal goes to a process of this program only: any other would end by it.
  private func tell() throws(StartFailure) {
    guard LeaveOrder.isNode(pid) else {
      throw StartFailure("Process \(pid) is no node of Martlet; --pid N says which is.")
    }
    guard kill(pid, SIGUSR1) == 0 else {
      throw StartFailure("Process \(pid) cannot be told to go: \(String(cString: strerror(errno))).")
    }
  }

  private func wait(_ configuration: Configuration, on loop: EventLoop) async throws(StartFailure) -> Int32 {
    let node = try OwnNode(configuration.serving, on: loop)
    defer { node.close() }
    let begun = EventLoop.monotonicMilliseconds()
    let least = max(Int64(leastSeconds) * 1_000, Drain.noticeMax)
    let most = max(least, Int64(configuration.work.drainGraceSeconds) * 1_000)
    var left = 0
    while true {
      do throws(CallFailure) { left = try await node.clients() } catch {
        if !LeaveOrder.isNode(pid) { return 0 }
      }
      let passed = EventLoop.monotonicMilliseconds() - begun
      if left == 0, passed >= least { return 0 }
      guard passed < most else { break }
      await loop.sleep(200)
    }
    Terminal.complain("\(left) clients are left after \(most / 1_000) s.")
    return 1
  }

  /// Whether there is such a process, and it was started as this program in the role of a node.
  private static func isNode(_ pid: pid_t) -> Bool {
    let (theirs, ours) = (arguments(of: pid), arguments(of: getpid()))
    guard theirs.count > 1, let name = theirs[0].split(separator: "/").last else { return false }
    return name == ours.first?.split(separator: "/").last && Role(rawValue: theirs[1]) != nil
  }

  /// The first words of a command line; none when there is no such process.
  private static func arguments(of pid: pid_t) -> [String] {
    guard let file = fopen("/proc/\(pid)/cmdline", "r") else { return [] }
    defer { fclose(file) }
    // A path and a role; what is longer is no node's.
    var bytes = [UInt8](repeating: 0, count: 4_096)
    let count = fread(&bytes, 1, bytes.count, file)
    return bytes.prefix(count).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }
}
