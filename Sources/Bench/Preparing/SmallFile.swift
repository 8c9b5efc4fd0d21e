import Glibc

/// Files that are read and written whole.
enum SmallFile {
  /// Bytes that are read: results with the histograms of a day have less.
  static let bytesMax = 256 << 20

  /// All of a file; nothing when it cannot be read.
  static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while bytes.count <= bytesMax {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes.append(contentsOf: piece[..<count])
    }
    return nil
  }

  /// Puts the bytes there in one step; `secret` keeps others from reading. Says why when it cannot.
  static func write(_ bytes: [UInt8], to path: String, secret: Bool = false) -> String? {
    makeDirectories(above: path)
    let fresh = path + ".new"
    let descriptor = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, secret ? 0o600 : 0o644)
    guard descriptor >= 0 else { return "\(path): \(String(cString: strerror(errno)))" }
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 || errno == EINTR else { break }
      sent += max(0, count)
    }
    close(descriptor)
    guard sent == bytes.count, rename(fresh, path) == 0 else {
      return "\(path): \(String(cString: strerror(errno)))"
    }
    return nil
  }

  private static func makeDirectories(above path: String) {
    var made = ""
    for part in path.split(separator: "/", omittingEmptySubsequences: false).dropLast() {
      made += part + "/"
      if made != "/" { mkdir(made, 0o755) }
    }
  }
}
