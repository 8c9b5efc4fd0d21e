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
    let room = min(most, waiting.count)
    var batch: [Send] = []
    batch.reserveCapacity(room)
    var left: [Send] = []
    var identities = SendIdentities(room: room)
    for (index, send) in waiting.enumerated() {
      if batch.count == most {
        left += waiting[index...]
        break
      }
      let isFirst = send.message.clientMessageID == nil || identities.insert(send, next: batch)
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
