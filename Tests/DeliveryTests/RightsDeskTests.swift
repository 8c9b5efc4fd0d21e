import ChatCore
import Delivery
import MemoryAdapters
import TestKit
import Testing

@Suite struct RightsDeskTests {
  /// Ada's session watches Bob, and Bob's Ada; a third may be befriended.
  private final class Scene {
    /// As long as no test goes on: the stage's sessions have no sign-in session behind them.
    static let forever: Milliseconds = 86_400_000

    let directory = HandDirectory()
    let stage: HubStage
    let ada: Ear
    let bob: Ear

    init(limits: DeliveryLimits = DeliveryLimits(), prepare: (HubStage) throws -> Void) throws {
      var limits = limits
      limits.signOutCheckEvery = Scene.forever
      stage = try HubStage(limits: limits, presence: directory)
      try prepare(stage)
      ada = try stage.listener(stage.ada)
      bob = try stage.listener(stage.bob)
      try watch()
      comes(stage.bob)
      comes(stage.ada)
    }

    func watch() throws {
      try #require(stage.hub.watch(try #require(ada.seat), [stage.bob.id], asOf: stage.hub.rightsMoment))
      try #require(stage.hub.watch(try #require(bob.seat), [stage.ada.id], asOf: stage.hub.rightsMoment))
    }

    func comes(_ user: User) { directory.tell([Presence(user: user.id, status: .online)]) }

    func goes(_ user: User) { directory.tell([Presence(user: user.id, status: .offline)]) }

    /// What each was told of the other, without what the logs said.
    var told: [[String]] {
      [ada, bob].map {
        $0.heard.filter { !$0.contains(":") }.compactMap { $0.split(separator: " ").last.map(String.init) }
      }
    }

    var watched: Int { stage.hub.report.watched }
  }

  @Test func `who is removed as a contact, and who removed him, hear nothing from then on`() throws {
    let scene = try Scene { try $0.befriend($0.ada, $0.bob) }
    #expect(scene.told == [["online"], ["online"]])
    scene.stage.broker.publish(try scene.stage.change(.remove(mutual: false), of: scene.stage.bob))
    // Before it is even known.
    scene.goes(scene.stage.bob)
    scene.goes(scene.stage.ada)
    scene.stage.time.run(for: 100)
    scene.comes(scene.stage.bob)
    scene.comes(scene.stage.ada)
    #expect(scene.told == [["online"], ["online"]])
    #expect(scene.watched == 0)
    #expect(scene.directory.watched == [])
    #expect(scene.ada.endedWatching == [scene.stage.bob.id])
    #expect(scene.bob.endedWatching == [scene.stage.ada.id])
  }

  @Test func `the entry that says so may be lost on the way`() throws {
    let scene = try Scene { try $0.befriend($0.ada, $0.bob) }
    _ = try scene.stage.change(.remove(mutual: false), of: scene.stage.bob)
    scene.stage.time.run(for: 3_000)
    #expect(scene.watched == 0)
  }

  @Test func `who still may by a common conversation goes on, and hears what was kept from him meanwhile`() throws {
    let scene = try Scene { stage in
      try stage.befriend(stage.ada, stage.bob)
      _ = try stage.group()
    }
    scene.stage.broker.publish(try scene.stage.change(.remove(mutual: true), of: scene.stage.bob))
    scene.goes(scene.stage.bob)
    #expect(scene.told[0] == ["online"])
    scene.stage.time.run(for: 100)
    #expect(scene.told == [["online", "offline"], ["online"]])
    #expect(scene.ada.endedWatching == [])
  }

  @Test func `who left a conversation and who stays hear no more of each other, whoever did it`() throws {
    for isRemoved in [false, true] {
      var group: ConversationID?
      let scene = try Scene { group = try $0.group() }
      let (id, stage) = (try #require(group), scene.stage)
      stage.broker.publish(try stage.change(id, .remove, of: stage.bob, by: isRemoved ? stage.ada : stage.bob))
      scene.goes(stage.bob)
      scene.goes(stage.ada)
      stage.time.run(for: 100)
      #expect(scene.told == [["online"], ["online"]])
      #expect(scene.watched == 0)
    }
  }

  @Test func `contacts who leave a conversation go on`() throws {
    var group: ConversationID?
    let scene = try Scene { stage in
      try stage.befriend(stage.ada, stage.bob)
      group = try stage.group()
    }
    let (id, stage) = (try #require(group), scene.stage)
    stage.broker.publish(try stage.change(id, .remove, of: stage.bob, by: stage.ada))
    stage.time.run(for: 100)
    scene.goes(stage.bob)
    #expect(scene.told[0] == ["online", "offline"])
  }

  @Test func `a conversation that is closed is no more reason`() throws {
    var group: ConversationID?
    let scene = try Scene { group = try $0.group() }
    let (id, stage) = (try #require(group), scene.stage)
    let (world, ada) = (stage.world, stage.ada)
    let made = stage.time.finish { try? await world.delete(id, by: ada) }
    stage.broker.publish(try #require(made ?? nil))
    scene.goes(stage.bob)
    stage.time.run(for: 100)
    #expect(scene.told == [["online"], ["online"]])
    #expect(scene.watched == 0)
  }

  @Test func `a session that has not resumed hears of no entry, so it is asked about in its turn once it is told`()
    throws
  {
    let scene = try Scene { try $0.befriend($0.ada, $0.bob) }
    let (stage, late) = (scene.stage, scene.stage.session(of: scene.stage.ada, signIn: 2))
    #expect(stage.hub.watch(try #require(late.seat), [stage.bob.id], asOf: stage.hub.rightsMoment))
    #expect(late.heard == ["\(stage.bob.id.rawValue) online"])
    stage.hub.detach(try #require(scene.ada.seat))
    stage.hub.detach(try #require(scene.bob.seat))
    stage.time.run(for: 10_000)
    let asked = stage.contacts.asked.count
    stage.time.run(for: 10_000)
    #expect(stage.contacts.asked.count == asked)
    _ = try stage.change(.remove(mutual: false), of: stage.bob)
    for _ in 0..<10 {
      scene.goes(stage.bob)
      scene.comes(stage.bob)
    }
    stage.time.run(for: 2_000)
    #expect(late.endedWatching == [stage.bob.id])
    #expect(stage.contacts.asked.count == asked + 1)
  }

  @Test func `a right that ended between asking and watching is found`() throws {
    let scene = try Scene { try $0.befriend($0.ada, $0.bob) }
    let (stage, seat) = (scene.stage, try #require(scene.ada.seat))
    stage.hub.unwatch(seat, [stage.bob.id])
    let moment = stage.hub.rightsMoment
    stage.broker.publish(try stage.change(.remove(mutual: false), of: stage.bob))
    #expect(stage.hub.watch(seat, [stage.bob.id], asOf: moment))
    scene.goes(stage.bob)
    stage.time.run(for: 100)
    #expect(scene.told[0] == ["online"])
    #expect(scene.watched == 0)
  }

  @Test func `a right that ended before a session resumes is found when it does`() throws {
    let scene = try Scene { try $0.befriend($0.ada, $0.bob) }
    let (stage, late) = (scene.stage, scene.stage.session(of: scene.stage.ada, signIn: 2))
    #expect(stage.hub.watch(try #require(late.seat), [stage.bob.id], asOf: stage.hub.rightsMoment))
    _ = try stage.change(.remove(mutual: false), of: stage.bob)
    stage.resume(late)
    stage.time.run(for: 2_000)
    #expect(late.endedWatching == [stage.bob.id])
  }

  @Test func `while it cannot be found out nothing is told, and it is asked until it can`() throws {
    let scene = try Scene { stage in
      try stage.befriend(stage.ada, stage.bob)
      _ = try stage.group()
    }
    let stage = scene.stage
    stage.contacts.isAway = true
    stage.broker.publish(try stage.change(.remove(mutual: false), of: stage.bob))
    scene.goes(stage.bob)
    stage.time.run(for: 30_000)
    #expect(scene.told[0] == ["online"])
    #expect((10...40).contains(stage.contacts.asked.count))
    stage.contacts.isAway = false
    stage.time.run(for: 3_000)
    #expect(scene.told[0] == ["online", "offline"])
  }

  @Test func `they meet again while it is being asked: the older answer is not believed`() throws {
    let scene = try Scene { try $0.befriend($0.ada, $0.bob) }
    let stage = scene.stage
    stage.broker.publish(try stage.change(.remove(mutual: false), of: stage.bob))
    stage.time.run(for: 5)
    #expect(stage.contacts.atOnce > 0)
    for entries in try stage.befriend(stage.ada, stage.bob) { stage.broker.publish(entries) }
    stage.time.run(for: 100)
    #expect(scene.ada.endedWatching == [])
    scene.goes(stage.bob)
    #expect(scene.told[0] == ["online", "offline"])
  }

  @Test func `a block whose signal was lost with the broker is found when that is back`() throws {
    let scene = try Scene { _ = try $0.group() }
    let stage = scene.stage
    let (world, ada, bob) = (stage.world, stage.ada, stage.bob)
    // Bob is told nothing of it by his log, and Ada is not here.
    stage.hub.detach(try #require(scene.ada.seat))
    stage.broker.interrupt()
    try #require(
      stage.time.finish { (try? await world.change(.block(.blocked), by: ada, to: bob, limit: 10)) != nil } == true)
    stage.time.run(for: 5_000)
    #expect(scene.bob.endedWatching == [] && stage.contacts.asked.isEmpty)
    stage.broker.confirmAll()
    stage.time.run(for: 2_000)
    #expect(scene.bob.endedWatching == [ada.id])
    let asked = stage.contacts.asked.count
    stage.time.run(for: 60_000)
    #expect(stage.contacts.asked.count == asked)
  }

  @Test func `much is asked in parts, and few of them at once`() throws {
    var limits = DeliveryLimits()
    limits.rightsPerQuestion = 2
    limits.rightsAtOnceMax = 1
    var (group, people) = (ConversationID?.none, [User]())
    let scene = try Scene(limits: limits) { stage in
      people = try (0..<3).map { try stage.register("user\($0)") }
      group = try stage.group(owner: stage.bob, members: [stage.ada] + people)
    }
    let (stage, id) = (scene.stage, try #require(group))
    #expect(
      stage.hub.watch(try #require(scene.ada.seat), people.map(\.id), asOf: stage.hub.rightsMoment))
    let before = stage.contacts.asked.count
    stage.broker.publish(try stage.change(id, .remove, of: stage.ada, by: stage.ada))
    stage.time.run(for: 200)
    #expect(stage.contacts.asked.dropFirst(before).max() == 2)
    #expect(stage.contacts.asked.dropFirst(before).reduce(0, +) >= 4)
    #expect(stage.contacts.mostAtOnce == 1)
    #expect(scene.watched == 0)
  }
}

extension HubStage {
  /// Makes two contacts of each other; the broker is told only when the test does it.
  @discardableResult
  func befriend(_ one: User, _ other: User) throws -> [Made] {
    [try change(.request, of: other, by: one), try change(.request, of: one, by: other)]
  }

  /// Changes what two are to each other.
  func change(_ change: ContactChange, of other: User, by user: User? = nil) throws -> Made {
    let (world, user) = (world, user ?? ada)
    let done = time.finish { try? await world.change(change, by: user, to: other, limit: 10) }
    return try #require((done ?? nil)?.made)
  }
}
