import CLinux
import Glibc
import Synchronization

/// Writes lines to a descriptor from a thread of its own, so that no loop ever waits for a disk or a terminal.
///
/// - Limits: at most ``bytesMax`` wait; past it lines are dropped and counted, and so are those that cannot be written,
///   as on a full disk. What comes after a line that was cut off by that is a line of its own.
final class LogSink: @unchecked Sendable {
  /// Bytes that may wait: some ten thousand lines, a second of a busy node.
  static let bytesMax = 4 << 20

  /// How long the line that wakes the thread waits for others, in microseconds: a busy node writes hundreds of lines at
  /// once instead of being interrupted for each, and nobody who reads a log sees the difference.
  static let gatherMicroseconds: UInt32 = 10_000

  private let descriptor: CInt
  private let wakeup: CInt
  private let state = Mutex(State())
  /// Whether the last line that left has no end; the thread's.
  private var isCut = false

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
    let bytes = isCut ? [LogSink.newline] + lines : lines
    let left = bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written > 0 {
          isCut = rest.prefix(written).last != LogSink.newline
          rest = rest.dropFirst(written)
        } else if errno != EINTR {
          break
        }
      }
      return rest.count
    }
    let lost = lines.suffix(left).count { $0 == LogSink.newline }
    if lost > 0 { state.withLock { $0.dropped += lost } }
  }

  private static let newline = UInt8(ascii: "\n")
}
