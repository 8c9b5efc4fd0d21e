import Postgres

extension Configuration {
  /// How the database is reached.
  var postgresSettings: PostgresSettings {
    var settings = PostgresSettings(url: database.url?.revealed ?? "")
    settings.connections = database.connectionsPerLoop
    settings.queryTimeout = database.deadline
    settings.statementTimeout = max(100, database.deadline - 500)
    return settings
  }

  /// How its replicas are reached, one by one; none unless the settings name some.
  ///
  /// - Throws: ``PostgresError`` for a URL that means nothing.
  func replicaSettings() throws(PostgresError) -> [PostgresSettings] {
    guard let url = database.replicaURL else { return [] }
    var settings = postgresSettings
    settings.url = url.revealed
    return try settings.forReplica(connections: database.replicaConnections, deadline: database.replicaDeadline)
      .eachHost()
  }
}
