import Glibc
import Synchronization

/// A shell that outlives this process and then kills what was put on it, and removes a directory.
///
/// Its input is a ``Lifeline`` of ours: each child is written there when it starts (`+ pid`) and when it has been
/// reaped (`- pid`), so that a number which the system has given to somebody else is never killed.
/// - Isolation: thread-safe.
final class Leash: Sendable {
  private let state: Mutex<State>

  private struct State {
    var end: CInt
    let shell: pid_t
  }

  /// - Throws: ``PrivatePostgres/Failure`` when there is no line or no shell.
  init(removing directory: String) throws {
    let line = try Lifeline()
    defer { close(line.shell) }
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
    let shell = try PrivatePostgres.spawn(["/bin/sh", "-c", script, directory], input: line.shell)
    state = Mutex(State(end: line.own, shell: shell))
  }

  func hold(_ process: pid_t) { tell("+ \(process)\n") }

  func release(_ process: pid_t) { tell("- \(process)\n") }

  /// Ends the shell, which kills what is left and removes the directory.
  func cut() {
    state.withLock { state in
      guard state.end >= 0 else { return }
      close(state.end)
      state.end = -1
      var status: CInt = 0
      waitpid(state.shell, &status, 0)
    }
  }

  private func tell(_ line: String) {
    state.withLock { state in
      guard state.end >= 0 else { return }
      _ = write(state.end, line, line.utf8.count)
    }
  }
}
