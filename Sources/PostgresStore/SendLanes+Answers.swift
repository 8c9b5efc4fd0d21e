import ChatCore
import IORuntime
import Postgres

/// What comes back of a transaction of lanes, and what becomes of each send.
extension SendLanes {
  func answered(_ departure: Departure, _ result: Result<[Rows], PostgresError>) {
    let result = result.map { $0.dropFirst(departure.turn == nil ? 0 : 1) }
    for (index, batch) in departure.batches.enumerated() {
      lanes[batch.bucket]?.isUnderWay = false
      switch result {
      case .success(let answers) where index < answers.count:
        let rows = answers[answers.startIndex + index]
        if rows.isEmpty, !departure.waits { lockedOut(batch) } else { stored(batch, rows, of: departure) }
      case .success: failed(batch, .unexpectedReply("no answer to a batch"), of: departure)
      case .failure(let error): failed(batch, error, of: departure)
      }
      if lanes[batch.bucket]?.waiting.isEmpty ?? true {
        lanes[batch.bucket] = nil
        locked.forget(batch.bucket)
      } else {
        becomeDue(batch.bucket)
      }
    }
    depart()
  }

  private func lockedOut(_ batch: SendBatch) {
    counted.lockedOut += 1
    locked.found(batch.bucket, at: EventLoop.monotonicMilliseconds())
    lanes[batch.bucket, default: SendLane()].waiting.insert(contentsOf: batch.sends, at: 0)
  }

  private func stored(_ batch: SendBatch, _ rows: Rows, of departure: Departure) {
    do throws(PostgresError) {
      let outcomes = try batch.outcomes(rows) { failure($0) }
      troubled.remove(batch.bucket)
      locked.forget(batch.bucket)
      for (send, outcome) in zip(batch.sends, outcomes) { complete(send, outcome) }
    } catch {
      failed(batch, error, of: departure)
    }
  }

  func complete(_ send: Send, _ outcome: Result<Appended, ChatError>) {
    unanswered -= 1
    if case .success(let appended) = outcome {
      if appended.repeated { counted.repeated += 1 } else { counted.stored += 1 }
    } else {
      counted.refused += 1
    }
    send.complete(outcome)
  }

  /// Whoever still has time is tried again, before those that came later; with the same key, so that it is stored once.
  private func failed(_ batch: SendBatch, _ error: PostgresError, of departure: Departure) {
    let now = EventLoop.monotonicMilliseconds()
    if departure.waits, !departure.isStepwise, error.sqlstate == SQLState.lockNotAvailable {
      locked.waitedInVain(batch.bucket, at: now)
    } else {
      troubled.insert(batch.bucket)
      locked.forget(batch.bucket)
    }
    let passes = departure.mayPass(error)
    var again: [Send] = []
    for send in batch.sends {
      if error.isInDoubt { send.isInDoubt = true }
      if passes, send.deadline > now { again.append(send) } else { complete(send, .failure(failure(error))) }
    }
    guard !again.isEmpty else { return }
    counted.retried += again.count
    lanes[batch.bucket, default: SendLane()].waiting.insert(contentsOf: again, at: 0)
  }

  /// Refuses those in time whose turn does not come: behind what hangs, or behind many that are in trouble.
  func sweepSoon() {
    guard !isSweeping, unanswered > 0 else { return }
    isSweeping = true
    pool.loop.schedule(after: Self.sweptEvery) { [self] in
      isSweeping = false
      let now = EventLoop.monotonicMilliseconds()
      for bucket in lanes.keys { refuseLate(in: bucket, at: now) }
      sweepSoon()
    }
  }

  /// Refuses those in a lane whose time is over by then.
  func refuseLate(in bucket: Bucket, at moment: Int64) {
    for send in lanes[bucket]?.takeLate(moment) ?? [] { complete(send, .failure(StoreFailure.away)) }
  }

  /// Whether nothing waits, nothing is under way, and nothing is remembered of what was.
  var isAtRest: Bool {
    lanes.isEmpty && unanswered == 0 && waitingForLocks == 0 && underWayInTrouble == 0 && locked.isEmpty
      && due.waiting.isEmpty && due.awaited.isEmpty && dueHeavy.waiting.isEmpty && dueHeavy.awaited.isEmpty
  }
}
