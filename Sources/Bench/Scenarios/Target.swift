import IORuntime
import JSONText

/// Where the server is, and which processes it is made of.
struct Target: Sendable {
  /// One door.
  struct Place: Sendable, Equatable {
    /// The host, a name or numeric.
    let host: String
    /// The port.
    let port: UInt16
    /// The path of a plain target's socket, `{room}` in it for the room's name; `/` if the URL has none.
    let path: String
    /// Whether it speaks TLS.
    let isSecure: Bool

    /// As the runtime takes it.
    var address: SocketAddress { .ip(host: host, port: port) }
    /// For the `Host` header.
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// `http://127.0.0.1:8000`, `ws://[::1]:9000/path`, `wss://chat.example`.
    init?(_ url: String) {
      let schemes: [(String, UInt16, Bool)] = [
        ("http://", 80, false), ("ws://", 80, false), ("https://", 443, true), ("wss://", 443, true),
      ]
      guard let scheme = schemes.first(where: { url.hasPrefix($0.0) }) else { return nil }
      let rest = url.dropFirst(scheme.0.count)
      let authority = rest.prefix { $0 != "/" }
      let path = rest.dropFirst(authority.count)
      guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
      var host = authority
      var port = scheme.1
      if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
        guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
        (host, port) = (authority[..<colon], number)
      }
      if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
      guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "@") }) else {
        return nil
      }
      self.host = String(host)
      self.port = port
      self.path = path.isEmpty ? "/" : String(path)
      isSecure = scheme.2
    }

    /// What stands in a path for the room's name.
    private static let roomMark = "{room}"
    /// Whether a plain target is told the room by the path.
    var namesRoom: Bool { path.contains(Self.roomMark) }

    /// How a room is called.
    static func room(_ number: Int) -> String { "r\(number)" }

    /// The path of a socket in that room.
    func path(in room: Int) -> String {
      let parts = path.split(separator: Self.roomMark, omittingEmptySubsequences: false)
      return parts.joined(separator: Self.room(room))
    }

    /// As a URL.
    var url: String { "\(isSecure ? "https" : "http")://\(authority)\(path == "/" ? "" : path)" }
  }

  /// Where REST is.
  var rest: [Place]
  /// Where sockets are.
  var sockets: [Place]
  /// Its processes.
  var processes: [(name: String, pid: Int32)]

  /// What the options name; `read` brings a file.
  init(_ options: BenchOptions, read: (String) -> [UInt8]?) throws(BenchOptions.Wrong) {
    if let url = options.target {
      guard let place = Place(url) else {
        throw .init(sentence: "--target takes a URL such as http://127.0.0.1:8000 or ws://127.0.0.1:9000/path.")
      }
      (rest, sockets, processes) = ([place], [place], options.processes)
      return
    }
    let path = options.cluster ?? ""
    guard let text = read(path), let cluster = try? JSONValue(parsing: text) else {
      throw .init(sentence: "'\(path)' is no cluster.json; deploy/local/up --detach writes .local/cluster.json.")
    }
    let main = cluster["main"]?.string.flatMap(Place.init)
    let doors = (Self.places(cluster["api"]), Self.places(cluster["socket"]))
    guard let main, options.doors == .balancer || !doors.0.isEmpty && !doors.1.isEmpty else {
      throw .init(sentence: "'\(path)' names no main URL, or neither api nor socket nodes.")
    }
    (rest, sockets) = options.doors == .balancer ? ([main], [main]) : doors
    processes = Self.processes(cluster) + options.processes
  }

  private static func places(_ nodes: JSONValue?) -> [Place] {
    (nodes?.array ?? []).compactMap { $0["url"]?.string.flatMap(Place.init) }
  }

  private static func processes(_ cluster: JSONValue) -> [(name: String, pid: Int32)] {
    var found: [(name: String, pid: Int32)] = []
    func add(_ name: String, _ part: JSONValue?) {
      if let pid = part?["pid"]?.integer.flatMap(Int32.init(exactly:)), pid > 0 { found.append((name, pid)) }
    }
    for role in ["api", "socket"] {
      for (place, node) in (cluster[role]?.array ?? []).enumerated() { add("\(role)-\(place + 1)", node) }
    }
    add("haproxy", cluster["loadbalancer"])
    add("postgres", cluster["postgres"])
    if let several = cluster["redis"]?.array {
      for (place, node) in several.enumerated() { add("redis-\(place + 1)", node) }
    } else {
      let nodes = cluster["redis"]?["nodes"]?.array ?? []
      // The first of several stands beside them again, for who knows one Redis only.
      if nodes.isEmpty { add("redis", cluster["redis"]) }
      for (place, node) in nodes.enumerated() { add("redis-\(place + 1)", node) }
    }
    return found
  }
}
