/// What has become of a pool's way to a server; without secrets, fit for logs.
///
/// - Shape: a host is `db1:5432` as the URL has it, or the directory of a unix socket before the colon.
public enum PostgresChange: Hashable, Sendable {
  /// Statements get through on one more connection.
  case connected(host: String)
  /// One connection was lost, or closed because an answer was late; there will be another.
  case lost(host: String, PostgresError)
  /// An attempt to connect failed; there will be another.
  case failed(host: String, PostgresError)
}

extension PostgresChange: CustomStringConvertible {
  /// A sentence for the log.
  public var description: String {
    switch self {
    case .connected(let host): "connected to \(host)"
    case .lost(let host, let error): "lost a connection to \(host): \(Self.reason(error))"
    case .failed(let host, let error): "no connection to \(host): \(Self.reason(error))"
    }
  }

  /// Without the words that the sentence has already.
  private static func reason(_ error: PostgresError) -> String {
    switch error {
    case .unavailable(let reason), .lost(let reason): reason
    default: error.description
    }
  }
}

extension ConnectTarget {
  /// What it is called in logs.
  var name: String { "\(host.flatMap { $0.isEmpty ? nil : $0 } ?? "local"):\(port ?? "5432")" }
}
