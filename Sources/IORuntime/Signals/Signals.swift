import CLinux
import Glibc

/// Signals of the process, told on a loop as plain calls.
///
/// A signal handler may do next to nothing; ours writes the number to a pipe that the loop watches, so that what
/// follows runs like everything else. Signals of one kind that come at once may be told once.
///
/// - Isolation: made and ended on its loop. One object of a process at a time for each signal.
public final class Signals: @unchecked Sendable {
  private let loop: EventLoop
  private let signals: [CInt]
  private let arrived: (CInt) -> Void
  private var pipeEnds: (read: CInt, write: CInt)
  private var watch: Watch?

  /// Catches these, such as SIGTERM and SIGHUP, until ``end()`` or the end of the loop; `arrived` gets the number.
  ///
  /// - Throws: ``SystemError`` when there is no descriptor left, or a signal that cannot be caught is asked for.
  public init(_ signals: [CInt], on loop: EventLoop, arrived: @escaping (CInt) -> Void) throws(SystemError) {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SystemError(call: "pipe") }
    for end in ends { _ = clinux_set_nonblocking(end) }
    self.loop = loop
    self.signals = signals
    self.arrived = arrived
    pipeEnds = (ends[0], ends[1])
    watch = try loop.watch(ends[0], .read, self)
    for signal in signals where clinux_catch_signal(signal, ends[1]) != 0 {
      let error = SystemError(call: "sigaction")
      end()
      throw error
    }
  }

  /// Gives the signals back to the system's defaults.
  public func end() {
    guard let watch else { return }
    self.watch = nil
    for signal in signals { clinux_release_signal(signal) }
    watch.end()
    close(pipeEnds.read)
    close(pipeEnds.write)
  }

  /// Has the process not end when it writes to what nobody reads; sockets are written with MSG_NOSIGNAL anyway.
  public static func ignoreBrokenPipes() { clinux_ignore_signal(SIGPIPE) }
}

extension Signals: Pollable {
  /// Numbers wait in the pipe.
  public func ready(_ events: PollEvents) {
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = read(pipeEnds.read, &bytes, bytes.count)
    guard count > 0 else { return }
    for number in bytes.prefix(count) where watch != nil { arrived(CInt(number)) }
  }

  /// The loop has stopped.
  public func abandoned() { end() }
}
