import IORuntime
import Synchronization

/// Runs `async` code on a loop of its own and waits for it; for subcommands that do one thing and end.
enum OneLoop {
  static func run(_ body: @escaping @Sendable (EventLoop) async -> Int32) -> Int32 {
    let result = Mutex<Int32>(1)
    do {
      let loop = try EventLoop(name: "main")
      loop.spawn {
        let code = await body(loop)
        result.withLock { $0 = code }
        loop.stop()
      }
      loop.run()
    } catch {
      Terminal.complain("no event loop: \(error)")
    }
    return result.withLock { $0 }
  }

  /// The configuration for a purpose, or nothing after saying what is wrong with it.
  static func configuration(
    _ invocation: Program.Invocation, for purpose: ConfigurationPurpose
  ) -> Configuration? {
    do throws(ConfigurationError) {
      return try Configuration.read(invocation.environment, for: purpose)
    } catch {
      Terminal.complain(error.description)
      return nil
    }
  }

  /// What a command ends with that could not be done.
  static func code(of error: any Error) -> Int32 {
    (error as? StartFailure)?.isConfiguration == true ? wrongSettings : 1
  }

  /// EX_CONFIG of sysexits.h: a supervisor need not try again.
  static let wrongSettings: Int32 = 78
}
