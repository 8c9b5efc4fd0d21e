import CPostgres

extension PostgresSettings {
  /// The same settings once for each host of the URL, for servers that stand beside each other (replicas) instead of
  /// for one another; each with a gate of its own, so that one that turns connections away holds up no other.
  ///
  /// - Throws: ``PostgresError/misconfigured(_:)``, without the URL's text, since it may hold a password.
  public func eachHost() throws(PostgresError) -> [PostgresSettings] {
    // Each host is asked by itself, so that the word says nothing here; libpq 15 does not know it.
    let url = try HostSpreading(of: url).url
    var message: UnsafeMutablePointer<CChar>?
    guard let options = PQconninfoParse(url, &message) else {
      PQfreemem(message)
      throw .misconfigured(
        "The URL of the replicas cannot be read; it looks like postgresql://user@host:5432/database.")
    }
    defer { PQconninfoFree(options) }
    var values: [(keyword: String, value: String)] = []
    var option = options
    while let keyword = option.pointee.keyword {
      if let value = option.pointee.val { values.append((String(cString: keyword), String(cString: value))) }
      option += 1
    }
    let hosts = PostgresSettings.list("host", in: values)
    let ports = PostgresSettings.list("port", in: values)
    guard ports.count <= 1 || ports.count == hosts.count else {
      throw .misconfigured("The URL of the replicas names \(hosts.count) hosts but \(ports.count) ports.")
    }
    let common = values.filter { $0.keyword != "host" && $0.keyword != "port" }
    return (0..<max(1, hosts.count)).map { index in
      var pairs = common
      if hosts.indices.contains(index) { pairs.append(("host", hosts[index])) }
      if let port = ports.count > 1 ? ports[index] : ports.first { pairs.append(("port", port)) }
      var settings = self
      settings.url = pairs.map { "\($0.keyword)=\(PostgresSettings.quoted($0.value))" }.joined(separator: " ")
      settings.gate = ConnectGate()
      return settings
    }
  }

  private static func list(_ keyword: String, in values: [(keyword: String, value: String)]) -> [String] {
    guard let text = values.first(where: { $0.keyword == keyword })?.value else { return [] }
    return text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }

  /// A value as libpq's `keyword=value` form takes any.
  private static func quoted(_ value: String) -> String {
    "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
}
