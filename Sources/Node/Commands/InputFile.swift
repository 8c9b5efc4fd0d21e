import Glibc
import Importing

/// A file that is read from its beginning to its end, or standard input.
///
/// - Isolation: one reader at a time, on a thread that may wait.
final class InputFile: @unchecked Sendable {
  let reader: LineReader
  private let descriptor: CInt

  /// Opens it; `-` is standard input.
  init(_ path: String) throws(LineReader.Failure) {
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LineReader.Failure(reason: Self.reason(errno)) }
    self.descriptor = descriptor
    reader = LineReader { (most) throws(LineReader.Failure) in try Self.read(descriptor, most) }
  }

  deinit { close(descriptor) }

  private static func read(_ descriptor: CInt, _ most: Int) throws(LineReader.Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: most)
    while true {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count >= 0 { return Array(bytes.prefix(count)) }
      guard errno == EINTR else { throw LineReader.Failure(reason: reason(errno)) }
    }
  }

  private static func reason(_ code: CInt) -> String { String(cString: strerror(code)) }
}
