import ChatCore
import Postgres

/// What waits to be stored in one bucket.
struct SendLane {
  /// In the order in which it is to be stored.
  var waiting: [Send] = []
  /// Whether some of the bucket are being stored.
  var isUnderWay = false
  /// Whether it stands among those that may depart.
  var isDue = false

  /// The oldest that wait; of two that are the same send the second waits for the next batch, and finds the first
  /// stored.
  mutating func takeBatch(atMost most: Int) -> [Send] {
    var batch: [Send] = []
    var left: [Send] = []
    var identities: Set<Send.Identity> = []
    for (index, send) in waiting.enumerated() {
      if batch.count == most {
        left += waiting[index...]
        break
      }
      let isFirst = send.message.clientMessageID == nil || identities.insert(send.identity).inserted
      if isFirst { batch.append(send) } else { left.append(send) }
    }
    waiting = left
    return batch
  }

  /// Takes out those whose time has passed.
  mutating func takeLate(_ now: Int64) -> [Send] {
    let late = waiting.filter { $0.deadline <= now }
    if !late.isEmpty { waiting.removeAll { $0.deadline <= now } }
    return late
  }
}

extension PostgresError {
  /// Whether another try of a batch may go better: the connection was lost, one of the batch had run out of time before
  /// others, or the server's refusal may be meant for another batch of the same transaction.
  func mayPass(isAlone: Bool) -> Bool {
    switch self {
    case .lost, .timeout: true
    case .server: !isAlone
    default: false
    }
  }
}
