/// Who is told of a connection's fate: its pool.
protocol ConnectionOwner: AnyObject {
  /// It is connected and checked.
  func connectionReady(_ connection: PostgresConnection)
  /// It is closed for ever; `wasReady` when it had been.
  func connectionClosed(_ connection: PostgresConnection, _ error: PostgresError, wasReady: Bool)
  /// A flight was under way when its connection closed.
  func abandoned(_ flight: Flight, _ error: PostgresError)
  /// A flight was not carried out: it shared a transaction with one that failed, or its connection was found closed
  /// before it was sent.
  func notCarriedOut(_ flight: Flight)
  /// A flight has its answer, and there is room for another one.
  func answered(_ flight: Flight, on connection: PostgresConnection)
}
