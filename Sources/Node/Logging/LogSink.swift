import CLinux
import Glibc
import Synchronization

/// Writes lines to a descriptor from a thread of its own, so that no loop ever waits for a disk or a terminal.
///
/// - Limits: at most ``bytesMax`` wait; past it lines are dropped and counted. So are those that cannot be written, as
///   on a full disk.
final class LogSink: @unchecked Sendable {
  /// Bytes that may wait: some ten thousand lines, a second of a busy node.
  static let bytesMax = 4 << 20

  /// How long the line that wakes the thread waits for others, in microseconds: a busy node writes hundreds of lines at
  /// once instead of being interrupted for each, and nobody who reads a log sees the difference.
  static let gatherMicroseconds: UInt32 = 10_000

  private let descriptor: CInt
  private let wakeup: CInt
  private let state = Mutex(State())
  /// Whether what was written last broke off within a line; of the thread.
  private var isWithinLine = false

  private struct State {
    var waiting: [UInt8] = []
    var awake = false
    var writing = false
    var dropped = 0
  }

  /// A sink that writes to an open descriptor; 1 and 2 are the process' own.
  init(descriptor: CInt) {
    self.descriptor = descriptor
    wakeup = eventfd(0, CInt(EFD_CLOEXEC))
    start()
  }

  /// Lines dropped so far.
  var dropped: Int { state.withLock { $0.dropped } }

  /// Takes a line with its newline.
  func write(_ line: [UInt8]) {
    let mustWake = state.withLock { state -> Bool in
      guard state.waiting.count + line.count <= LogSink.bytesMax else {
        state.dropped += 1
        return false
      }
      state.waiting.append(contentsOf: line)
      defer { state.awake = true }
      return !state.awake
    }
    if mustWake { wake() }
  }

  /// Waits until what was written before has left, for at most a second; for the end of the process.
  func flush() {
    for _ in 0..<200 {
      if state.withLock({ $0.waiting.isEmpty && !$0.writing }) { return }
      usleep(5_000)
    }
  }

  private func wake() {
    var one: UInt64 = 1
    _ = Glibc.write(wakeup, &one, 8)
  }

  private func start() {
    var handle = pthread_t()
    let context = Unmanaged.passRetained(self)
    let code = pthread_create(
      &handle, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<LogSink>.fromOpaque(raw).takeUnretainedValue().run()
        return nil
      }, context.toOpaque())
    if code == 0 { pthread_detach(handle) } else { context.release() }
  }

  private func run() {
    clinux_set_thread_name("log")
    while true {
      var count: UInt64 = 0
      guard read(wakeup, &count, 8) == 8 || errno == EINTR else { return }
      usleep(Self.gatherMicroseconds)
      let bytes = state.withLock { state -> [UInt8] in
        let bytes = state.waiting
        state.waiting = []
        state.awake = false
        state.writing = true
        return bytes
      }
      writeAll(bytes)
      state.withLock { $0.writing = false }
    }
  }

  private func writeAll(_ lines: [UInt8]) {
    let end = UInt8(ascii: "\n")
    let bytes = isWithinLine ? [end] + lines : lines
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written > 0 {
          rest = rest.dropFirst(written)
          isWithinLine = buffer[rest.startIndex - 1] != end
        } else if written < 0, errno == EAGAIN {
          // Somebody who shares the terminal or pipe has made it one that does not wait.
          var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&ready, 1, -1)
        } else if errno != EINTR {
          // What would have ended the line before is no line.
          let lost = rest.count { $0 == end } - (isWithinLine && rest.startIndex == 0 ? 1 : 0)
          return state.withLock { $0.dropped += lost }
        }
      }
    }
  }
}
