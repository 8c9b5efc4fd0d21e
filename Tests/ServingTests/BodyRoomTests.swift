import HTTP1
import Testing

@testable import Serving

@Suite struct BodyRoomTests {
  private static let (ada, bob) = (BodyRoom.Holder.account("1"), BodyRoom.Holder.account("2"))
  private static let (home, office) = (BodyRoom.Holder.address("192.0.2.1"), BodyRoom.Holder.address("192.0.2.2"))

  private static func code(_ body: () throws -> Void) -> String? {
    do { try body() } catch { return (error as? Refusal)?.code }
    return nil
  }

  @Test func `an account has a quarter of the room and an address a half, to the byte`() throws {
    let room = BodyRoom(bytesMax: 400)
    let first = room.hold(for: [Self.ada, Self.home])
    try first.resize(to: 60)
    let second = room.hold(for: [Self.ada, Self.office])
    #expect(Self.code { try second.resize(to: 41) } == "uploads_of_account_full")
    try second.resize(to: 40)
    let third = room.hold(for: [Self.bob, Self.home])
    try third.resize(to: 100)
    let fourth = room.hold(for: [Self.home])
    #expect(Self.code { try fourth.resize(to: 41) } == "uploads_of_address_full")
    try fourth.resize(to: 40)
    #expect(room.taken == 240)
    withExtendedLifetime([first, second, third, fourth]) {}
  }

  @Test func `who holds nothing may take one body however long it is, if there is room`() throws {
    let room = BodyRoom(bytesMax: 400)
    let first = room.hold(for: [Self.ada, Self.home])
    #expect(Self.code { try first.resize(to: 401) } == "uploads_full")
    try first.resize(to: 399)
    let second = room.hold(for: [Self.bob, Self.office])
    #expect(Self.code { try second.resize(to: 2) } == "uploads_full")
    try second.resize(to: 1)
    let third = room.hold(for: [Self.ada])
    #expect(Self.code { try third.resize(to: 1) } == "uploads_of_account_full")
    withExtendedLifetime([first, second, third]) {}
  }

  @Test func `what is refused takes nothing, and who lets go of a body gives its room back`() throws {
    let room = BodyRoom(bytesMax: 400, for: .answers)
    var first: BodyHold? = room.hold(for: [Self.ada])
    try first?.resize(to: 300)
    let second = room.hold(for: [Self.ada])
    #expect(Self.code { try second.resize(to: 10) } == "answers_of_account_full")
    #expect(Self.code { try room.hold(for: []).resize(to: 101) } == "answers_full")
    #expect(room.taken == 300)
    try first?.resize(to: 50)
    #expect(room.taken == 50)
    try second.resize(to: 50)
    first = nil
    #expect(room.taken == 50)
    try second.resize(to: 0)
    #expect(room.taken == 0)
  }

  @Test func `room is scarce while several share more than half of it, not for one who has it for himself`() throws {
    let room = BodyRoom(bytesMax: 400)
    let first = room.hold(for: [Self.ada])
    try first.resize(to: 300)
    #expect(!room.isScarce)
    var second: BodyHold? = room.hold(for: [Self.bob])
    try second?.resize(to: 1)
    #expect(room.isScarce)
    try first.resize(to: 199)
    #expect(!room.isScarce)
    try first.resize(to: 200)
    #expect(room.isScarce)
    second = nil
    try first.resize(to: 300)
    #expect(!room.isScarce)
  }

  @Test func `each refusal says how to come again`() {
    for purpose in [BodyRoom.Purpose.uploads, .answers] {
      #expect(purpose.refusal.status == 503)
      for refusal in [Self.ada, Self.home].map({ purpose.refusal(shareOf: $0) }) { #expect(refusal.status == 429) }
      for refusal in [purpose.refusal] + [Self.ada, Self.home].map({ purpose.refusal(shareOf: $0) }) {
        #expect(refusal.retryAfterSeconds == 2)
      }
    }
  }
}
