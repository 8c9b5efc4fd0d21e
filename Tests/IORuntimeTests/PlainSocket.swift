import Glibc
import IORuntime
import Synchronization

/// A blocking socket of the test's own, for what the runtime's connections do not do: resets, silence, odd timing.
final class PlainSocket: @unchecked Sendable {
  let descriptor: CInt

  init(unconnected: Void) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError(call: "socket") }
  }

  convenience init(to address: SocketAddress) throws {
    try self.init(unconnected: ())
    try connect(to: address)
  }

  func connect(to address: SocketAddress) throws {
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
    var wait = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
  }

  func write(_ bytes: [UInt8]) -> Int { send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) }

  func read(_ most: Int = 65_536) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: most)
    // A wait with an end is cut short when the process is stopped and goes on: signal(7).
    var count = recv(descriptor, &bytes, most, 0)
    while count < 0, errno == EINTR { count = recv(descriptor, &bytes, most, 0) }
    return count < 0 ? nil : Array(bytes.prefix(count))
  }

  /// Closes with a reset instead of an end.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func close() { Glibc.close(descriptor) }
}

/// A value that a loop sets and a test reads.
final class Box<Value: Sendable>: Sendable {
  private let state: Mutex<Value>
  init(_ value: Value) { state = Mutex(value) }
  var value: Value {
    get { state.withLock { $0 } }
    set { state.withLock { $0 = newValue } }
  }
  /// A change that no other thread's can come between, as it can between `value`'s getter and setter.
  func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}
