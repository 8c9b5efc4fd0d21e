import ChatCore
import Redis
import TestKit
import Testing

@testable import RedisBroker

/// A lookup that finds somebody gone of whom nobody has said so: gone, or forgotten?
@Suite("Who is found gone without having been said to go")
struct PresenceDoubtTests {
  private static let ada = UserID(counter: 5_000, bucket: Bucket(folding: 7))
  private static let share = PresenceShare(of: ada)

  /// A node that has told its watcher that Ada is there.
  private static func watching() -> (ScriptedWire, PresenceOffice) {
    let wire = ScriptedWire()
    let office = PresenceOffice(wire: wire, node: "b", names: .standard, limits: PresenceLimits())
    office.start()
    wire.there = [ada]
    office.watch([ada], from: 0)
    return (wire, office)
  }

  /// The same with a renewal under way, after whose sending Ada was looked up as gone.
  private static func goneBehindRenewal() -> (ScriptedWire, PresenceOffice) {
    let (wire, office) = watching()
    wire.pass(500)
    office.listening(to: share)
    wire.pass(500)
    wire.holdsRenewals = true
    wire.there = []
    wire.pass(1_000)
    wire.forget()
    wire.pass(500)
    #expect(wire.runs.map(\.script) == [.find])
    return (wire, office)
  }

  private static func statuses(_ wire: ScriptedWire) -> [Presence.Status] { wire.told.map(\.status) }

  @Test("is told to be gone once the node has found its own lease alive")
  func gone() {
    let (wire, office) = Self.watching()
    wire.there = []
    office.listening(to: Self.share)
    wire.pass(2_000)
    #expect(Self.statuses(wire) == [.online])
    wire.pass(1_000)
    #expect(Self.statuses(wire) == [.online, .offline])
  }

  /// In a cluster the lease has another master: the answer may be older than the loss.
  @Test("is not told to be gone by the answer to a renewal that was sent before he was looked up")
  func answerUnderWay() {
    let (wire, office) = Self.goneBehindRenewal()
    wire.letRenewalsCome()
    #expect(Self.statuses(wire) == [.online])
    wire.holdsLease = false
    wire.pass(500)
    wire.letRenewalsCome()
    #expect(office.counters.begunAnew == 1)
    for _ in 0..<3 { wire.pass(1_000) }
    #expect(Self.statuses(wire) == [.online])
  }

  @Test("is not told to be gone by an older renewal's answer because a newer one is under way")
  func olderAnswer() {
    let (wire, office) = Self.goneBehindRenewal()
    wire.pass(500)
    wire.letOneRenewalCome()
    #expect(Self.statuses(wire) == [.online])
    wire.holdsRenewals = false
    for _ in 0..<2 { wire.pass(1_000) }
    #expect(Self.statuses(wire) == [.online, .offline])
    #expect(office.counters.begunAnew == 0)
  }

  @Test("is looked up once more when his share's master has only just come back, and told then")
  func masterBack() {
    for isSaidAgain in [true, false] {
      let (wire, office) = Self.watching()
      office.listening(to: Self.share)
      wire.pass(1_500)
      wire.there = []
      office.sayAgain([Self.share])
      wire.pass(500)
      wire.pass(1_000)
      #expect(Self.statuses(wire) == [.online])
      if isSaidAgain { wire.there = [Self.ada] }
      for _ in 0..<2 { wire.pass(1_000) }
      #expect(Self.statuses(wire) == (isSaidAgain ? [.online] : [.online, .offline]))
    }
  }
}
