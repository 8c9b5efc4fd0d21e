import ChatCore
import Testing

@testable import PostgresStore

/// Which of the buckets that somebody holds is tried when.
@Suite("Locked lanes")
struct LockedLanesTests {
  private func bucket(_ number: Int16) throws -> Bucket { try #require(Bucket(number)) }

  @Test("one is tried again soon, and later each time up to a limit")
  func pauses() throws {
    var lanes = LockedLanes()
    let one = try bucket(1)
    var (now, pauses) = (Int64(1_000), [Int64]())
    for _ in 0..<12 {
      lanes.found(one, at: now)
      let next = try #require(lanes.next)
      pauses.append(next - now)
      #expect(lanes.takeDue(at: next - 1).isEmpty)
      #expect(lanes.takeDue(at: next) == [one])
      #expect(lanes.takeDue(at: next).isEmpty && lanes.next == nil, "it is being tried")
      now = next
    }
    #expect(pauses == [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 50, 50])
    lanes.forget(one)
    #expect(!lanes.contains(one))
  }

  @Test("a turn on the server ends before the time of who waits, since the connection would end with it")
  func turnsEnd() {
    #expect(LockedLanes.turn(isShared: true, left: 4_000, serverMost: 2_000) == LockedLanes.turn)
    #expect(LockedLanes.turn(isShared: true, left: 120, serverMost: 2_000) == 120 - LockedLanes.turnMargin)
    #expect(LockedLanes.turn(isShared: false, left: 4_000, serverMost: 2_000) == nil)
    #expect(LockedLanes.turn(isShared: false, left: 1_500, serverMost: 2_000) == 1_500 - LockedLanes.turnMargin)
    for left in [Int64(10), 0, -3] { #expect(LockedLanes.turn(isShared: true, left: left, serverMost: 2_000) == 1) }
  }

  @Test("those that have not waited on the server yet have their turn first, then the one that is held longest")
  func turns() throws {
    var lanes = LockedLanes()
    for (place, number) in [Int16(7), 3, 5].enumerated() { lanes.found(try bucket(number), at: Int64(place)) }
    #expect(lanes.takeTurn() == (try bucket(7)))
    #expect(lanes.haveMore)
    lanes.waitedInVain(try bucket(7), at: 100)
    #expect(lanes.takeTurn() == (try bucket(3)))
    #expect(lanes.takeTurn() == (try bucket(5)))
    #expect(lanes.takeTurn() == (try bucket(7)))
    #expect(!lanes.haveMore && lanes.takeTurn() == nil)
  }
}
