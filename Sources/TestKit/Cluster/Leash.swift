import Glibc
import Synchronization

/// A shell that outlives this process and then kills what was put on it, and removes a directory.
///
/// Each child is written to its ``Watchdog`` when it starts (`+ pid`) and when it has been
/// reaped (`- pid`), so that a number which the system has given to somebody else is never killed.
/// - Isolation: thread-safe.
final class Leash: Sendable {
  private let watchdog: Mutex<Watchdog>

  /// - Throws: ``PrivatePostgres/Failure`` when there is no line or no shell.
  init(removing directory: String) throws {
    let script = """
      alive=" "
      while read sign pid; do
        case $sign in
        +) alive="$alive$pid " ;;
        -) alive="${alive%% $pid *} ${alive#* $pid }" ;;
        esac
      done
      for pid in $alive; do kill -9 "$pid" 2>/dev/null; done
      rm -rf "$0"
      """
    watchdog = Mutex(try Watchdog(script, [directory]))
  }

  func hold(_ process: pid_t) { tell("+ \(process)\n") }

  func release(_ process: pid_t) { tell("- \(process)\n") }

  /// Ends the shell, which kills what is left and removes the directory.
  func cut() { watchdog.withLock { $0.cut() } }

  private func tell(_ text: String) {
    watchdog.withLock { watchdog in
      guard watchdog.line >= 0 else { return }
      _ = write(watchdog.line, text, text.utf8.count)
    }
  }
}
