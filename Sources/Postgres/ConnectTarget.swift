import CPostgres
import Glibc

/// One host to connect to, as libpq's keywords and values.
///
/// libpq walks through several hosts itself, but has no deadline for each when it does not block: so we walk.
struct ConnectTarget: Sendable {
  /// What libpq is given, without `host` and `port`.
  let common: [(keyword: String, value: String)]
  /// A name, an address or the directory of a unix socket.
  let host: String?
  let port: String?

  /// The hosts of a URL, in its order.
  ///
  /// - Throws: ``PostgresError/misconfigured(_:)`` without the URL's text, since it may hold a password.
  static func all(of settings: PostgresSettings) throws(PostgresError) -> [ConnectTarget] {
    var values = try parsed(HostSpreading(of: settings.url).url)
    let hosts = list(values.removeValue(forKey: "host"))
    let ports = list(values.removeValue(forKey: "port"))
    guard ports.count <= 1 || ports.count == hosts.count else {
      throw .misconfigured("The database URL names \(hosts.count) hosts but \(ports.count) ports.")
    }
    let own = values.removeValue(forKey: "options").map { " " + $0 } ?? ""
    values["options"] = settings.options + own
    for (keyword, value) in defaults(settings, severalHosts: hosts.count > 1) where values[keyword] == nil {
      values[keyword] = value
    }
    let common = values.map { (keyword: $0.key, value: $0.value) }
    if hosts.isEmpty { return [ConnectTarget(common: common, host: nil, port: ports.first)] }
    return hosts.enumerated().map { index, host in
      ConnectTarget(common: common, host: host, port: ports.count > 1 ? ports[index] : ports.first)
    }
  }

  /// Set unless the URL says otherwise. A dead peer is noticed by TCP_USER_TIMEOUT while something is under way, by
  /// keepalive while nothing is.
  private static func defaults(_ settings: PostgresSettings, severalHosts: Bool) -> [(String, String)] {
    var defaults = [
      ("application_name", settings.applicationName), ("client_encoding", "UTF8"), ("gssencmode", "disable"),
      ("tcp_user_timeout", "4000"), ("keepalives_idle", "10"), ("keepalives_interval", "3"), ("keepalives_count", "3"),
    ]
    if severalHosts { defaults.append(("target_session_attrs", "read-write")) }
    return defaults
  }

  private static func list(_ text: String?) -> [String] {
    text?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
  }

  private static func parsed(_ url: String) throws(PostgresError) -> [String: String] {
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(url, &message) else {
      PQfreemem(message)
      throw .misconfigured("The database URL cannot be read; it looks like postgresql://user@host:5432/database.")
    }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { values[String(cString: keyword)] = String(cString: value) }
      option += 1
    }
    return values
  }

  /// Whether libpq would ask the name service, which blocks.
  var needsResolving: Bool {
    guard let host, !host.isEmpty, !host.hasPrefix("/"), !host.hasPrefix("@") else { return false }
    var address = in6_addr()
    return inet_pton(AF_INET, host, &address) != 1 && inet_pton(AF_INET6, host, &address) != 1
  }

  /// Begins to connect; `address` is what the host's name was resolved to.
  func start(address: String?) -> OpaquePointer? {
    var pairs = common
    if let host { pairs.append(("host", host)) }
    if let port { pairs.append(("port", port)) }
    if let address { pairs.append(("hostaddr", address)) }
    return ConnectTarget.withCStrings(pairs.map(\.keyword)) { keywords in
      ConnectTarget.withCStrings(pairs.map(\.value)) { values in PQconnectStartParams(keywords, values, 0) }
    }
  }

  /// A list of C strings that ends with NULL.
  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    copies.append(nil)
    defer { for copy in copies { free(copy) } }
    return copies.map { UnsafePointer($0) }.withUnsafeBufferPointer { list in
      guard let start = list.baseAddress else { return withUnsafePointer(to: nil) { body($0) } }
      return body(start)
    }
  }
}
