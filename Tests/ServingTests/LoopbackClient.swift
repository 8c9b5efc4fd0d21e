import Glibc
import IORuntime
import Synchronization

/// A blocking socket of the test's own.
final class LoopbackClient: @unchecked Sendable {
  private let descriptor: CInt
  private var buffer: [UInt8] = []

  /// - Parameter narrow: whether the kernel holds no more than some kilobytes that have not been read.
  init(to address: SocketAddress, narrow: Bool = false) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError(call: "socket") }
    var bytes: CInt = 4_096
    if narrow { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<CInt>.size)) }
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = (address.port ?? 0).bigEndian
    target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw SystemError(call: "connect") }
    var wait = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { Glibc.close(descriptor) }

  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func finishSending() { _ = shutdown(descriptor, CInt(SHUT_WR)) }

  /// Some bytes; none at the end of the connection, nil after ten seconds of silence or a reset.
  func read(most: Int = 65_536) -> [UInt8]? {
    if !buffer.isEmpty {
      defer { buffer = [] }
      return buffer
    }
    var bytes = [UInt8](repeating: 0, count: most)
    // A wait with an end is cut short when the process is stopped and goes on: signal(7).
    var count = recv(descriptor, &bytes, bytes.count, 0)
    while count < 0, errno == EINTR { count = recv(descriptor, &bytes, bytes.count, 0) }
    return count < 0 ? nil : Array(bytes.prefix(count))
  }

  /// All that comes until the connection ends.
  func readToEnd() -> String {
    var all: [UInt8] = []
    while let bytes = read(), !bytes.isEmpty { all += bytes }
    return String(decoding: all, as: UTF8.self)
  }

  /// One answer: its header, and the body that Content-Length announces.
  func readAnswer() -> (head: String, body: String)? {
    var all: [UInt8] = []
    while true {
      if let end = firstRange(of: [13, 10, 13, 10], in: all) {
        let head = String(decoding: all[..<end], as: UTF8.self)
        let length = head.split(separator: "\r\n").compactMap { line -> Int? in
          line.hasPrefix("Content-Length: ") ? Int(line.dropFirst("Content-Length: ".count)) : nil
        }.first
        let total = end + 4 + (length ?? 0)
        if all.count >= total {
          buffer = Array(all[total...])
          return (head, String(decoding: all[(end + 4)..<total], as: UTF8.self))
        }
      }
      guard let bytes = read(), !bytes.isEmpty else { return nil }
      all += bytes
    }
  }

  private func firstRange(of mark: [UInt8], in bytes: [UInt8]) -> Int? {
    guard bytes.count >= mark.count else { return nil }
    return (0...(bytes.count - mark.count)).first { Array(bytes[$0..<($0 + mark.count)]) == mark }
  }
}

/// A value that a loop sets and a test reads.
final class Box<Value: Sendable>: Sendable {
  private let state: Mutex<Value>
  init(_ value: Value) { state = Mutex(value) }
  var value: Value { state.withLock { $0 } }
  func change(_ body: @Sendable (inout Value) -> Void) { state.withLock { body(&$0) } }
}
