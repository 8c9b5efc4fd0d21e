/// What a process does.
enum Role: String, Sendable, CaseIterable {
  /// REST; stateless.
  case api
  /// Connections and rooms.
  case socket
  /// Both.
  case all
  /// Both, in memory; not for production.
  case dev

  /// Whether it serves REST.
  var servesAPI: Bool { self != .socket }
  /// Whether it holds sockets.
  var servesSockets: Bool { self != .api }
}
