import Foundation
import Testing

/// A blocking connection to the fixture: answers of HTTP, and frames of WebSocket.
final class BlockingSocket {
  private let descriptor: CInt
  private var buffer: [UInt8] = []
  /// The one that it talks to, which ends when nobody holds it.
  private let fixture: FixtureProcess

  struct Ended: Error {}

  init(to fixture: FixtureProcess) throws {
    self.fixture = fixture
    descriptor = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = fixture.port.bigEndian
    target.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &target) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Ended() }
    var wait = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { Glibc.close(descriptor) }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  /// The next bytes; throws at the end of the connection and after ten seconds of silence.
  private func take(_ count: Int) throws -> [UInt8] {
    while buffer.count < count { try readMore() }
    defer { buffer.removeFirst(count) }
    return Array(buffer.prefix(count))
  }

  private func readMore() throws {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    // A wait with an end is cut short when the process is stopped and goes on: signal(7).
    var count = recv(descriptor, &bytes, bytes.count, 0)
    while count < 0, errno == EINTR { count = recv(descriptor, &bytes, bytes.count, 0) }
    guard count > 0 else { throw Ended() }
    buffer += bytes.prefix(count)
  }

  /// Waits until the fixture has read what was sent, ten seconds at most: until no kernel buffer holds any of it.
  ///
  /// A loop hands on what it has read before it reads more, so that what is sent next to any loop comes after it.
  func untilHeard() throws {
    var own = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &own) {
      _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    // proc(5): both addresses in hexadecimal, the state, then the bytes that wait to be sent and to be read.
    let ends = [fixture.port, UInt16(bigEndian: own.sin_port)].map { port in
      let digits = String(port, radix: 16, uppercase: true)
      return "0100007F:" + String(repeating: "0", count: 4 - digits.count) + digits
    }
    let drained = [ends, ends.reversed()].map { Data("\($0[0]) \($0[1]) 01 00000000:00000000 ".utf8) }
    for _ in 0..<1_000 {
      let table = try FileHandle(forReadingFrom: URL(filePath: "/proc/net/tcp")).readToEnd() ?? Data()
      if drained.allSatisfy({ table.range(of: $0) != nil }) { return }
      usleep(5_000)
    }
    throw Ended()
  }

  // MARK: HTTP

  func head() throws -> (status: Int, head: String) {
    while true {
      let ends = buffer.indices.dropLast(3).first { buffer[$0...].starts(with: [13, 10, 13, 10]) }
      guard let ends else {
        try readMore()
        continue
      }
      let head = String(decoding: try take(ends + 4), as: UTF8.self)
      return (Int(head.split(separator: " ")[1]) ?? 0, head)
    }
  }

  func answer() throws -> (status: Int, head: String, body: [UInt8]) {
    let (status, head) = try head()
    let length = head.firstMatch(of: /Content-Length: (\d+)/).flatMap { Int($0.1) } ?? 0
    return (status, head, try take(length))
  }

  /// `200 ok`.
  func text() throws -> String {
    let answer = try answer()
    return "\(answer.status) \(String(decoding: answer.body, as: UTF8.self))"
  }

  // MARK: WebSocket

  func say(_ text: String) { frame(1, Array(text.utf8)) }

  func say(_ bytes: [UInt8]) { frame(2, bytes) }

  private func frame(_ opcode: UInt8, _ payload: [UInt8]) {
    var out: [UInt8] = [0x80 | opcode]
    if payload.count < 126 {
      out.append(0x80 | UInt8(payload.count))
    } else {
      out.append(0x80 | 127)
      withUnsafeBytes(of: UInt64(payload.count).bigEndian) { out += $0 }
    }
    // A mask of zeros leaves the payload as it is.
    send(out + [0, 0, 0, 0] + payload)
  }

  /// The next frame: its text, `[1, 2]` for bytes, `close 1000` for the end.
  func hear() throws -> String {
    let head = try take(2)
    var length = Int(head[1] & 0x7F)
    if length == 126 { length = try take(2).reduce(0) { $0 << 8 | Int($1) } }
    if length == 127 { length = try take(8).reduce(0) { $0 << 8 | Int($1) } }
    let payload = try take(length)
    switch head[0] & 15 {
    case 1: return String(decoding: payload, as: UTF8.self)
    case 2: return "\(payload)"
    case 8: return "close \(payload.count < 2 ? 0 : Int(payload[0]) << 8 | Int(payload[1]))"
    default: return "frame \(head[0] & 15)"
    }
  }

  /// The next frame that is no ping of Engine.IO.
  func hearPastPings() throws -> String {
    while true {
      let text = try hear()
      if text != "2" { return text }
      say("3")
    }
  }
}
