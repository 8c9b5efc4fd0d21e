import Postgres

/// Batches that go out as one transaction.
struct Departure {
  /// Why it goes.
  enum Reason {
    /// It was its lanes' turn.
    case isDue
    /// Its bucket's last transaction was refused as a whole.
    case inTrouble
    /// Somebody else holds its bucket, and it is its turn to wait for him.
    case forLock
  }

  let batches: [SendBatch]
  let reason: Reason
  let isStepwise: Bool
  /// Whether it waits for who else holds its bucket; if not, that bucket's batch is passed over.
  let waits: Bool
  /// How long it may wait for him, in milliseconds, where others want to wait too; nil: as long as any statement.
  let turn: Int64?
  /// The line that its lanes stood in, if they were due.
  let line: DueLanes?
  /// When it departed, in milliseconds, monotonic.
  let begun: Int64
  /// Until when others wait for its end, to share the next commit.
  let awaited: Int64

  /// What is sent: the answer to each batch's statement is that batch's, after the turn's if there is one.
  var statements: [(statement: Statement, parameters: [Parameter])] {
    let stored = batches.map { $0.statement(isStepwise: isStepwise, waits: waits) }
    return if let turn { [Statement.lockPatience(turn)] + stored } else { stored }
  }

  /// How likely it is to wait for a lock.
  var lockWait: LockWait {
    if isStepwise { return reason == .inTrouble ? .likely : .maybe }
    return waits ? .likely : .never
  }

  /// Whether another try may go better: the connection was lost, one of the batch had run out of time before others,
  /// its turn of waiting is over, or the server's refusal may be meant for another batch of the same transaction.
  func mayPass(_ error: PostgresError) -> Bool {
    switch error {
    case .lost, .timeout: true
    case .server: batches.count > 1 || turn != nil && error.sqlstate == SQLState.lockNotAvailable
    default: false
    }
  }
}
