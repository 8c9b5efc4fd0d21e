/// What a broker has carried and dropped since it was made; for metrics.
public struct BrokerCounters: Sendable, Hashable {
  /// Entries handed to Redis.
  public internal(set) var entriesPublished = 0
  /// Messages that carried them.
  public internal(set) var payloadsPublished = 0
  /// Signals handed to Redis.
  public internal(set) var signalsPublished = 0
  /// Entries and signals dropped because Redis was away or too slow; the log repairs the entries.
  public internal(set) var dropped = 0
  /// Entries received and passed on.
  public internal(set) var entriesReceived = 0
  /// Signals received and passed on.
  public internal(set) var signalsReceived = 0
  /// Payloads that are not of our making.
  public internal(set) var malformed = 0
  /// Payloads about another conversation or user than their topic's.
  public internal(set) var foreign = 0
  /// Payloads with a number that no row can have.
  public internal(set) var impossible = 0
  /// Messages on channels that are not followed (any more).
  public internal(set) var strays = 0
  /// How often the connection was lost.
  public internal(set) var interruptions = 0

  mutating func note(_ fault: Payload.Fault) {
    switch fault {
    case .malformed: malformed += 1
    case .foreign: foreign += 1
    case .impossible: impossible += 1
    }
  }
}
