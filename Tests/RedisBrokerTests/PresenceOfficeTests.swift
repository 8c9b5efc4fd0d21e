import ChatCore
import Redis
import TestKit
import Testing

@testable import RedisBroker

@Suite("What a node says of presence, decided")
struct PresenceOfficeTests {
  private static let users = (0..<3).map { UserID(counter: 5_000 + $0, bucket: Bucket(folding: 7)) }

  private static func begun() -> (ScriptedWire, PresenceOffice) {
    let wire = ScriptedWire()
    let office = PresenceOffice(wire: wire, node: "a", names: .standard, limits: PresenceLimits())
    for user in users { office.arrived(user) }
    office.start()
    return (wire, office)
  }

  /// It was once: every script was given the set of every living node.
  @Test("no script is given more than three keys, however many nodes there are")
  func keys() {
    let (wire, office) = Self.begun()
    office.watch(Self.users, from: 0)
    for user in Self.users { office.left(user) }
    for _ in 0..<70 { wire.pass(1_000) }
    #expect(Set(wire.runs.map(\.script)) == Set(PresenceScript.allCases))
    #expect(wire.runs.allSatisfy { $0.keys.count <= 3 })
  }

  @Test("what was said is said once, and all of it again when the way to Redis was lost and is back")
  func comesBack() {
    let (wire, office) = Self.begun()
    let all = ["3"] + Self.users.map { String($0.rawValue) }
    #expect(wire.said.map(\.arguments) == [all])
    wire.forget()
    wire.pass(1_000)
    #expect(wire.said.isEmpty)
    office.sayAgain(PresenceShare.all)
    wire.pass(1_000)
    #expect(wire.said.map(\.arguments) == [all])
  }

  /// The replica may lack the going as well as the coming: he would be there for ever.
  @Test("who was said to be gone is said to be gone again when the way to Redis was lost and is back")
  func goneAgain() {
    let (wire, office) = Self.begun()
    office.left(Self.users[0])
    for _ in 0..<2 { wire.pass(1_000) }
    let going = ["0", String(Self.users[0].rawValue)]
    #expect(wire.said.map(\.arguments).last == going)
    wire.forget()
    office.sayAgain(PresenceShare.all)
    wire.pass(1_000)
    #expect(
      wire.said.map(\.arguments) == [["2"] + Self.users.dropFirst().map { String($0.rawValue) } + going.dropFirst()])
    for _ in 0..<61 { wire.pass(1_000) }
    wire.forget()
    office.sayAgain(PresenceShare.all)
    wire.pass(1_000)
    #expect(wire.said.map(\.arguments) == [["2"] + Self.users.dropFirst().map { String($0.rawValue) }])
  }

  @Test("a node that has lost its lease says all under a new name, and then buries the old one")
  func buriesItself() {
    let (wire, office) = Self.begun()
    wire.holdsLease = false
    wire.forget()
    wire.pass(1_000)
    #expect(office.counters.begunAnew == 1)
    #expect(wire.said.first?.name == "a.2")
    let buried = wire.said.filter { $0.arguments == ["bury"] }
    #expect(buried.count == PresenceShare.count)
    #expect(buried.allSatisfy { $0.name == "a.1" })
    #expect(wire.said.dropFirst().allSatisfy { $0.arguments == ["bury"] })
  }

  @Test("what could not be taken away of a dead name is tried again, that alone, until it is")
  func buriesUntilDone() {
    let (wire, office) = Self.begun()
    let share = PresenceShare.all[3]
    wire.failing = [share.listed(.standard, by: "a.1")]
    wire.holdsLease = false
    wire.pass(1_000)
    wire.holdsLease = true
    for _ in 0..<2 {
      wire.forget()
      wire.pass(1_000)
      #expect(wire.said.map(\.arguments) == [["bury"]])
      #expect(wire.runs.first { $0.script == .say }?.keys[0] == share.listed(.standard, by: "a.1"))
    }
    wire.failing = []
    for _ in 0..<2 { wire.pass(1_000) }
    wire.forget()
    wire.pass(1_000)
    #expect(wire.said.isEmpty)
    #expect(office.counters.begunAnew == 1)
  }

  /// The replica may lack the burial: those whom the dead node had would be there for ever.
  @Test("who was buried lately is buried again in a share whose master was lost, and forgotten after a while")
  func buriesAgain() {
    let (wire, office) = Self.begun()
    wire.dead = ["b.7"]
    wire.forget()
    wire.pass(1_000)
    #expect(wire.said.count { $0.name == "b.7" && $0.arguments == ["bury"] } == PresenceShare.count)
    let share = PresenceShare.all[5]
    for again in [true, false] {
      wire.forget()
      office.sayAgain([share])
      wire.pass(1_000)
      let buried = wire.runs.filter { $0.arguments.last == "bury" }.map { $0.keys[0] }
      #expect(buried == (again ? [share.listed(.standard, by: "b.7")] : []))
      for _ in 0..<61 { wire.pass(1_000) }
    }
    #expect(office.counters.buried == 1)
  }

  /// In a cluster each share has a master; that of the lease is one of them.
  @Test("what changes is said and looked up while the master of the lease alone is away")
  func leaseAway() {
    let (wire, office) = Self.begun()
    wire.isConnected = false
    wire.forget()
    let late = UserID(counter: 6_000, bucket: Bucket(folding: 7))
    office.arrived(late)
    office.watch([late], from: 0)
    wire.pass(1_000)
    #expect(wire.said.map(\.arguments) == [["1", String(late.rawValue)]])
    #expect(wire.runs.contains { $0.script == .find })
    #expect(!wire.runs.contains { $0.script == .lease })
  }
}
