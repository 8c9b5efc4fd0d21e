import Glibc

/// A shell that outlives this process: its input is a ``Lifeline`` of ours, and when that ends, however this process
/// does, it does what is left of its script.
struct Watchdog {
  /// What is written here the shell reads; -1 once it was cut.
  private(set) var line: CInt
  private let shell: pid_t

  /// Starts it.
  ///
  /// - Parameters:
  ///   - script: for `sh`.
  ///   - arguments: its `$0`, `$1` …
  /// - Throws: ``PrivatePostgres/Failure`` when there is no line or no shell.
  init(_ script: String, _ arguments: [String]) throws {
    let ends = try Lifeline()
    defer { close(ends.shell) }
    shell = try ChildProcess.spawn(["/bin/sh", "-c", script] + arguments, input: ends.shell)
    line = ends.own
  }

  /// Has it do now what it does at the end of the process, and waits until it is done; harmless a second time.
  mutating func cut() {
    guard line >= 0 else { return }
    close(line)
    line = -1
    var status: CInt = 0
    waitpid(shell, &status, 0)
  }
}
