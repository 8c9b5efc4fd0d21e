import TestKit
import Testing

/// Each checker finds what it is for: histories made by hand, whole and then broken in one place.
struct HistoryCheckTests {
  /// Ada (1) says three things in conversation 7; she and Bob (2) see the log 2, 3, 4 from head 1 on, by sockets 0 and
  /// 1.
  private static func whole() -> (History, FinalState) {
    var history = History()
    history.sessions = [
      .init(client: 1, user: 1, heads: [7: 1], resumedAt: 0), .init(client: 2, user: 2, heads: [7: 1], resumedAt: 0),
    ]
    for number in 2...4 as ClosedRange<Int64> {
      var send = History.Send(user: 1, conversation: 7, clientID: "c\(number)", invokedAt: number * 1_000)
      send.endedAt = number * 1_000 + 100
      send.outcome = .acknowledged(id: number * 10, seq: number)
      history.sends.append(send)
      for session in 0...1 {
        history.deliveries.append(
          .init(session: session, conversation: 7, seq: number, message: number * 10, at: number * 1_000 + 200))
      }
    }
    var state = FinalState()
    state.logs[7] = [.init(seq: 1)] + (2...4).map { .init(seq: $0, message: $0 * 10, sender: 1, clientID: "c\($0)") }
    state.memberships = [.init(user: 1, conversation: 7), .init(user: 2, conversation: 7)]
    return (history, state)
  }

  private static func check(_ change: (inout History, inout FinalState) -> Void) -> HistoryCheck {
    var (history, state) = whole()
    change(&history, &state)
    return HistoryCheck(history, state)
  }

  @Test func `a history that keeps the promise is not complained of`() {
    let check = Self.check { _, _ in }
    #expect(check.broken() == [])
    #expect(check.late(1) == [])
    #expect(check.slow(1) == [])
    #expect(check.delays() == Array(repeating: 200, count: 6))
  }

  // MARK: I1

  @Test func `an acknowledged message that is not stored is lost`() {
    let check = Self.check { history, state in
      state.logs[7]?.removeLast()
      history.deliveries.removeAll { $0.seq == 4 }
    }
    #expect(check.lost().count == 1)
  }

  @Test func `an acknowledged message that is stored under another id, sender or client id is lost`() {
    #expect(Self.check { _, state in state.logs[7]?[3].message = 99 }.lost().count == 1)
    #expect(Self.check { _, state in state.logs[7]?[3].sender = 2 }.lost().count == 1)
    #expect(Self.check { _, state in state.logs[7]?[3].clientID = "c9" }.lost().count == 1)
  }

  @Test func `a stored entry that a member never saw is lost`() {
    #expect(Self.check { history, _ in history.deliveries.removeLast() }.lost().count == 1)
  }

  @Test func `what a member had when he began is not owed to him`() {
    #expect(Self.check { _, state in state.logs[7]?[0].message = 5 }.lost() == [])
  }

  @Test func `a message of unknown outcome may be stored or not`() {
    let stored = Self.check { history, _ in history.sends[2].outcome = .unknown }
    #expect(stored.broken() == [])
    let absent = Self.check { history, state in
      history.sends[2].outcome = .unknown
      history.deliveries.removeAll { $0.seq == 4 }
      state.logs[7]?.removeLast()
    }
    #expect(absent.broken() == [])
  }

  @Test func `what one session missed another of the same client may bring`() {
    let check = Self.check { history, _ in
      history.deliveries.removeLast()
      history.sessions.append(.init(client: 2, user: 2, heads: [7: 3], resumedAt: 9_000))
      history.deliveries.append(.init(session: 2, conversation: 7, seq: 4, message: 40, at: 9_100))
    }
    #expect(check.broken() == [])
    #expect(check.late(1) == [])
  }

  // MARK: I2

  @Test func `the same entry twice in one session is a repetition`() {
    let check = Self.check { history, _ in history.deliveries.append(history.deliveries[5]) }
    #expect(check.repeated().count == 1)
  }

  @Test func `the same client id twice in a log is a repetition`() {
    let check = Self.check { _, state in
      state.logs[7]?.append(.init(seq: 5, message: 50, sender: 1, clientID: "c4"))
    }
    #expect(check.repeated().count == 1)
    let other = Self.check { _, state in
      state.logs[7]?.append(.init(seq: 5, message: 50, sender: 2, clientID: "c4"))
    }
    #expect(other.repeated() == [])
  }

  // MARK: I3

  @Test func `a log with a hole is disordered`() {
    let check = Self.check { history, state in
      state.logs[7]?.remove(at: 2)
      history.deliveries.removeAll { $0.seq == 3 }
    }
    #expect(check.disordered().contains { $0.contains("not dense") })
  }

  @Test func `entries that come in another order are disordered`() {
    let check = Self.check { history, _ in history.deliveries.swapAt(3, 5) }
    #expect(!check.disordered().isEmpty)
  }

  @Test func `a session that begins past what it asked for has a hole`() {
    #expect(Self.check { history, _ in history.sessions[1].heads[7] = 0 }.disordered().count == 1)
  }

  @Test func `two members who see different messages at one place are told`() {
    let check = Self.check { history, _ in history.deliveries[1].message = 30 }
    #expect(check.disordered().count == 1)
  }

  // MARK: I8

  @Test func `what a stranger hears is told`() {
    let check = Self.check { _, state in state.memberships[1].user = 3 }
    #expect(check.overheard().count == 3)
  }

  @Test func `what the removed hears after his removal is told, and what he does not hear is not lost`() {
    let removed = Self.check { _, state in state.memberships[1].seqs = 1...3 }
    #expect(removed.overheard().count == 1)
    let silent = Self.check { history, state in
      state.memberships[1].seqs = 1...3
      history.deliveries.removeLast()
    }
    #expect(silent.broken() == [])
  }

  // MARK: I4 and I7

  @Test func `what comes too late is told, unless the cluster was ill or the client away`() {
    let late: (inout History, inout FinalState) -> Void = { history, _ in history.deliveries[5].at = 5_000_000 }
    #expect(Self.check(late).late(2_000).count == 1)
    #expect(Self.check(late).late(2_000, after: 4_000_000) == [])
    let away = Self.check { history, state in
      late(&history, &state)
      history.sessions[1].resumedAt = 4_500_000
    }
    #expect(away.late(2_000) == [])
  }

  @Test func `an attempt that waits too long is told`() {
    #expect(Self.check { history, _ in history.sends[0].longestAttempt = 6_000_000 }.slow(5_000).count == 1)
  }

  @Test func `what the test waited for a core does not count against it`() {
    let starved: (Moment, inout History) -> Void = { waited, history in
      history.deliveries[5].at = 5_000_000
      history.sends[0].longestAttempt = 6_000_000
      history.starvation = [(at: 0, waited: 70), (at: 7_000_000, waited: 70 + waited)]
    }
    let little = Self.check { history, _ in starved(900_000, &history) }
    #expect(little.late(2_000).count == 1)
    #expect(little.slow(5_000).count == 1)
    let much = Self.check { history, _ in starved(3_100_000, &history) }
    #expect(much.late(2_000) == [])
    #expect(much.slow(5_000) == [])
  }
}
