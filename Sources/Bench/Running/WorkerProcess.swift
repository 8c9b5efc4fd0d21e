import CLinux
import Glibc
import IORuntime
import JSONText

/// A worker as its leader sees it: a child process and the lines between.
///
/// - Isolation: the leader's loop.
final class WorkerProcess: @unchecked Sendable {
  /// Why a worker is of no use any more.
  struct Gone: Error {
    let sentence: String

    /// It ended by itself, which none does.
    static let ended = Gone(sentence: "A worker has ended; dmesg may know why.")
  }

  let pid: pid_t
  private var channel: LineChannel?
  private var waiting: ((Result<JSONValue, Gone>) -> Void)?
  private var answers: [JSONValue] = []
  /// Whether it has ended.
  private(set) var isGone = false
  private let ticked: (JSONValue) -> Void

  /// Starts this same program as a worker; `ticked` gets its line a second.
  init(_ loop: EventLoop, ticked: @escaping (JSONValue) -> Void) throws(SystemError) {
    var ends: [CInt] = [-1, -1]
    let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError(call: "socketpair") }
    defer { close(ends[1]) }
    self.ticked = ticked
    do throws(SystemError) {
      pid = try Self.spawn(standardInput: ends[1])
    } catch {
      close(ends[0])
      throw error
    }
    channel = LineChannel(
      loop: loop, descriptor: ends[0], line: { [weak self] in self?.take($0) }, over: { [weak self] in self?.ended() })
    channel?.begin()
  }

  private static func spawn(standardInput: CInt) throws(SystemError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, standardInput, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // A group of its own: Ctrl-C is for the leader, which ends its workers when it has their last figures.
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
    posix_spawnattr_setpgroup(&attributes, 0)
    let words: [UnsafeMutablePointer<CChar>?] = [strdup("martlet"), strdup("bench"), strdup(Bench.workerWord), nil]
    defer { for word in words { free(word) } }
    var process: pid_t = 0
    let code = posix_spawn(&process, "/proc/self/exe", &actions, &attributes, words, environ)
    guard code == 0 else { throw SystemError(call: "posix_spawn", code: code) }
    return process
  }

  /// Says something that nothing answers.
  func tell(_ command: JSONValue) { channel?.send(command) }

  /// Waits for a `done`.
  func next() async throws(Gone) -> JSONValue {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<JSONValue, Gone>, Never>) in
      // Looked at here, not before: the way into this closure may pass through the loop, and a line come meanwhile.
      if !answers.isEmpty {
        continuation.resume(returning: .success(answers.removeFirst()))
      } else if isGone {
        continuation.resume(returning: .failure(.ended))
      } else {
        waiting = { continuation.resume(returning: $0) }
      }
    }
    let answer = try result.get()
    if answer["done"]?.string == "failed" { throw Gone(sentence: "A worker: \(answer["why"]?.string ?? "failed").") }
    return answer
  }

  private func take(_ line: JSONValue) {
    if line["tick"] != nil { return ticked(line) }
    guard let waiting else { return answers.append(line) }
    self.waiting = nil
    waiting(.success(line))
  }

  private func ended() {
    isGone = true
    let waiting = waiting
    self.waiting = nil
    waiting?(.failure(.ended))
  }

  /// Lets it go, and sees it end.
  func end(on loop: EventLoop) async {
    tell(["do": "end"])
    var status: CInt = 0
    for _ in 0..<150 {
      if waitpid(pid, &status, WNOHANG) != 0 { return }
      await loop.sleep(20)
    }
    kill(pid, SIGKILL)
    waitpid(pid, &status, 0)
  }
}
