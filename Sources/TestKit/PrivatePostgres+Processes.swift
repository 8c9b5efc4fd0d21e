import Glibc
import Synchronization

extension PrivatePostgres {
  /// What went wrong in the surroundings of a test.
  public struct Failure: Error, CustomStringConvertible {
    let what: String
    /// In words.
    public var description: String { what }
  }

  /// Runs what blocks on a thread of its own.
  static func aside<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let work = Unmanaged.passRetained(Aside { continuation.resume(with: Result { try body() }) })
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        { raw in
          guard let raw else { return nil }
          Unmanaged<Aside>.fromOpaque(raw).takeRetainedValue().body()
          return nil
        }, work.toOpaque())
      guard code == 0 else {
        work.release()
        continuation.resume(throwing: Failure(what: "pthread_create: error \(code)"))
        return
      }
      pthread_detach(thread)
    }
  }

  private final class Aside: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  static func binary(_ name: String) -> String {
    let debian = "/usr/lib/postgresql/15/bin/\(name)"
    return access(debian, X_OK) == 0 ? debian : name
  }

  /// PostgreSQL refuses to run as root.
  static func asServer(_ command: [String]) -> [String] {
    guard getuid() == 0 else { return command }
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] + command
  }

  static func temporaryDirectory() throws -> String {
    var template = Array("/tmp/martlet-pg-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(what: "mkdtemp") }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    if getuid() == 0, let user = getpwnam("postgres") { chown(path, user.pointee.pw_uid, user.pointee.pw_gid) }
    return path
  }

  /// The sockets that keep the last free ports, the oldest first.
  private static let keepers = Mutex<[CInt]>([])
  /// A server that is started, killed and started again is done with its port before so many others are given.
  private static let keepersMax = 256

  /// A port of 127.0.0.1 that nobody has, and that nobody is given from now on who asks for any: only who names it, and
  /// sets SO_REUSEADDR as servers do, can listen there.
  public static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(what: "socket") }
    let oldest = keepers.withLock { keepers in
      keepers.append(descriptor)
      return keepers.count > keepersMax ? keepers.removeFirst() : -1
    }
    if oldest >= 0 { close(oldest) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
      }
    }
    guard code else { throw Failure(what: "bind") }
    // Behind the choice: before it, half of the ports would do.
    var isShared: CInt = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &isShared, socklen_t(MemoryLayout<CInt>.size))
    return UInt16(bigEndian: address.sin_port)
  }

  /// Runs a command to its end and gives its output; throws with it when the command fails.
  @discardableResult
  static func run(_ command: [String]) throws -> String {
    var template = Array("/tmp/martlet-out-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Failure(what: "mkstemp") }
    close(descriptor)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer { unlink(path) }
    let process = try ChildProcess.spawn(command, output: path)
    var status: CInt = 0
    waitpid(process, &status, 0)
    let output = contents(of: path)
    guard status == 0 else { throw Failure(what: "\(command.joined(separator: " ")): \(output)") }
    return output
  }

  static func contents(of path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&part, 1, part.count, file), count > 0 { bytes += part.prefix(count) }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func children(of process: pid_t) -> [pid_t] {
    contents(of: "/proc/\(process)/task/\(process)/children").split(separator: " ").compactMap { pid_t($0) }
  }
}
