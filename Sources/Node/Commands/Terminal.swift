import Glibc
import Synchronization

/// Writes to the terminal of the one who runs a command.
enum Terminal {
  /// What kept standard output from taking something, as the system's number; 0 while nothing has.
  private static let lost = Atomic<Int32>(0)

  /// Why not all that was printed is there; nil while it is.
  static var lostOutput: String? {
    let code = lost.load(ordering: .relaxed)
    return code == 0 ? nil : String(cString: strerror(code))
  }

  /// Writes lines; the last one is ended if it is not.
  static func print(_ text: String) {
    if let code = write(text, to: 1) { lost.store(code, ordering: .relaxed) }
  }

  /// The same for people, beside what a command prints for other programs.
  static func complain(_ text: String) { _ = write(text, to: 2) }

  /// Writes all of it, and the end of the last line.
  ///
  /// - Returns: the system's number when it could not be written.
  static func write(_ text: String, to descriptor: CInt) -> CInt? {
    let bytes = Array((text.hasSuffix("\n") ? text : text + "\n").utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 {
        sent += count
      } else if count < 0, errno == EAGAIN {
        // Somebody who shares the terminal or pipe has made it one that does not wait.
        var end = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&end, 1, -1)
      } else if count == 0 || errno != EINTR {
        return count == 0 ? EIO : errno
      }
    }
    return nil
  }
}
