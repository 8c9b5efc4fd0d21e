import Glibc

/// Files that hold one secret each.
enum SettingFile {
  /// Bytes of such a file: a chain of keys fits many times.
  static let bytesMax = 65_536

  /// The file's text without blanks and line ends at its end; nil when it cannot be read, is no UTF-8 or is too long.
  static func text(at path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: bytesMax + 1)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      guard count > 0 else { break }
      filled += count
    }
    guard filled <= bytesMax else { return nil }
    while filled > 0, [0x0A, 0x0D, 0x20, 0x09].contains(bytes[filled - 1]) { filled -= 1 }
    return String(validating: bytes[..<filled], as: UTF8.self)
  }
}
