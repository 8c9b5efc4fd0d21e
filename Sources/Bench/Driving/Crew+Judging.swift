import JSONText

/// What the deliveries are measured against.
extension Crew {
  /// Messages without an answer.
  func openSends() -> (waiting: Int64, inDoubt: Int64) {
    sends.open { [seats] index in seats.indices.contains(index) ? seats[index].times : nil }
  }

  /// What is due from now on is not timed.
  func closeWindow(at now: Int64) { window = window.lowerBound..<max(window.lowerBound, min(now, window.upperBound)) }

  /// Entries that were promised to those who are there and have not come.
  func lost() -> Int64 {
    var lost: Int64 = 0
    for seat in seats where seat.state == .ready {
      for (place, conversation) in order.followed[seat.user].enumerated() where promised.indices.contains(conversation)
      {
        if !order.wire.isReliable {
          // A seat is in one room only, whatever its user follows.
          guard place == 0 else { continue }
          for (worker, count) in promised[conversation].enumerated() where worker < order.workers {
            lost += oracle.owed(seat.slot + worker, upTo: count)
          }
        } else {
          lost += oracle.owed(seat.slot + place, upTo: promised[conversation].max() ?? 0)
        }
      }
    }
    return lost
  }

  /// The whole judgement.
  func verdict() -> Verdict {
    var verdict = Verdict()
    verdict.checked = Int64(oracle.checked)
    verdict.lost = lost()
    verdict.repeated = Int64(oracle.repeated) + storedTwice
    verdict.reordered = Int64(oracle.reordered) - excused
    verdict.foreign = foreign
    verdict.behind = behind
    verdict.absent = Int64(seats.count { $0.state != .ready })
    return verdict
  }

  /// New tokens for a run that outlives the old ones.
  func renew(_ fresh: [String]) {
    guard fresh.count == tokens.count else { return }
    tokens = fresh
    for seat in seats where seat.state == .ready { operate("auth", ["token": .string(tokens[seat.user])], by: seat) }
  }
}
