import Testing

@testable import Bench

@Suite struct SendLogTests {
  private func message(_ conversation: Int = 0, lane: Int = -1, remaining: Int = 0, due: Int64 = 0) -> SendLog.Send {
    .init(kind: .message, seat: 1, time: 1, conversation: conversation, due: due, lane: lane, remaining: remaining)
  }

  @Test("an answer is taken once, from the seat that asked")
  func answers() throws {
    var log = SendLog(capacity: 8, conversations: 2)
    let added = log.add(message())
    let number = try #require(added)
    let answers = [(number, 2), (number, 1), (number, 1), (99, 1)].map { number, seat in
      log.answered(number, seq: 5, seat: seat)?.conversation
    }
    #expect(answers == [nil, 0, nil, nil])
  }

  @Test("a delivery elsewhere, and one at two places of a log, are found")
  func faults() throws {
    var log = SendLog(capacity: 8, conversations: 2)
    let added = log.add(message(1))
    let number = try #require(added)
    let outcomes = [
      log.delivered(number, seq: 5, in: 0, false, at: 1), log.delivered(number, seq: 5, in: 1, false, at: 1),
      log.delivered(number, seq: 6, in: 1, false, at: 1), log.delivered(77, seq: 1, in: 1, false, at: 1),
      log.delivered(-1, seq: 1, in: 1, false, at: 1),
    ]
    #expect(outcomes == [.elsewhere, .asSent, .twice, .unknown, .unknown])
    let answer = log.answered(number, seq: 7, seat: 1)
    #expect(answer?.isDisputed == true, "acknowledged as another than delivered")
    let next = log.add(message(1))
    let second = try #require(next)
    _ = log.answered(second, seq: 9, seat: 1)
    let later = ([8, 8, 9] as [Int64]).map { log.delivered(second, seq: $0, in: 1, false, at: 1) }
    #expect(later == [.disputed, .asSent, .twice], "delivered as another than acknowledged, then twice")
  }

  @Test("a lane's message is complete when the last of its listeners has it")
  func lanes() throws {
    var log = SendLog(capacity: 8, conversations: 1)
    let added = log.add(message(lane: 4, remaining: 3))
    let number = try #require(added)
    let outcomes = (0..<3).map { _ in log.delivered(number, seq: 1, in: 0, false, at: 1) }
    #expect(outcomes == [.asSent, .asSent, .complete(lane: 4)])
  }

  @Test("a full ring refuses, until what takes the place has waited too long")
  func full() {
    var log = SendLog(capacity: 4, conversations: 1)
    let numbers = (0..<4).map { _ in log.add(message()) }
    let refused = log.add(message(due: 1))
    #expect(numbers == [1, 2, 3, 4] && refused == nil && log.inDoubt == 0)
    let late = log.add(message(due: SendLog.givenUpAfter + 1))
    #expect(late == 5 && log.inDoubt == 1)
    let open = (log.open { _ in 1 }, log.open { _ in 2 })
    #expect(open.0.waiting == 4 && open.1.inDoubt == 4, "their connection is another one now")
  }

  @Test("a plain target's messages are numbered for each room, and answered by their first return")
  func plain() throws {
    var log = SendLog(capacity: 8, conversations: 2)
    let added = log.add(message(1))
    let number = try #require(added)
    let places = [log.nextPlace(in: 1), log.nextPlace(in: 1)]
    #expect(places == [1, 2] && log.heads == [0, 2])
    let outcomes = (0..<2).map { _ in log.delivered(number, seq: 1, in: nil, true, at: 1) }
    #expect(outcomes == [.asSent, .asSent])
    let open = log.open { _ in 1 }
    #expect(open.waiting == 0 && log.returned == 1)
  }

  @Test("what several sockets say at once has no order, what one says, or says after another was heard, has")
  func order() throws {
    func log(by seats: [Int], due: [Int64], heard: Int64?) throws -> SendLog {
      var log = SendLog(capacity: 256, conversations: 2)
      for (seat, due) in zip(seats, due) {
        _ = log.add(.init(kind: .message, seat: seat, time: 1, conversation: 0, due: due))
        // Another room's in between is nobody's overtaker.
        _ = log.add(.init(kind: .message, seat: 1, time: 1, conversation: 1, due: due))
      }
      if let heard { _ = log.delivered(1, seq: 1, in: nil, true, at: heard) }
      return log
    }
    #expect(try log(by: [1, 2, 3], due: [1, 2, 3], heard: nil).isUnordered(1, overtakenBy: 2))
    #expect(try log(by: [1, 2, 3], due: [1, 2, 3], heard: 9).isUnordered(1, overtakenBy: 2))
    #expect(try !log(by: [1, 2, 1], due: [1, 2, 3], heard: nil).isUnordered(1, overtakenBy: 2), "the same socket")
    #expect(try log(by: [1, 2, 1], due: [1, 2, 3], heard: nil).isUnordered(1, overtakenBy: 1))
    #expect(
      try !log(by: [1, 2, 3], due: [1, 2, 9], heard: 5).isUnordered(1, overtakenBy: 2), "said after it was heard")
    #expect(
      try !log(by: [1, 2], due: [1, 2], heard: nil).isUnordered(1, overtakenBy: 2), "nothing of the kind was said")
    #expect(try !log(by: [1], due: [1], heard: nil).isUnordered(99, overtakenBy: 0))
    let seats = Array(1...70)
    let crowd = try log(by: seats, due: seats.map { Int64($0) }, heard: nil)
    #expect(crowd.isUnordered(1, overtakenBy: SendLog.overtakersMax))
    #expect(!crowd.isUnordered(1, overtakenBy: SendLog.overtakersMax + 1), "late by itself")
  }
}
