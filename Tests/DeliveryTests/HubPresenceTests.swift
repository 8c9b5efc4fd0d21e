import ChatCore
import Delivery
import MemoryAdapters
import TestKit
import Testing

@Suite struct HubPresenceTests {
  /// A hub whose directory does what the test says.
  private struct Scene {
    let stage: HubStage
    let directory: HandDirectory

    init(limits: DeliveryLimits = DeliveryLimits()) throws {
      let directory = HandDirectory()
      self.directory = directory
      stage = try HubStage(limits: limits, presence: directory)
    }

    func watches(_ ear: Ear, _ users: [UserID]) throws -> Bool {
      stage.hub.watch(try #require(ear.seat), users, asOf: stage.hub.rightsMoment)
    }
  }

  @Test func `a session's user is there from its attaching to its end, whatever ends it`() throws {
    let scene = try Scene()
    let (phone, laptop) = (
      scene.stage.session(of: scene.stage.bob), scene.stage.session(of: scene.stage.bob, signIn: 2)
    )
    #expect(scene.directory.here == [scene.stage.bob.id: 2])
    scene.stage.hub.detach(try #require(phone.seat))
    scene.stage.hub.detach(try #require(phone.seat))
    #expect(scene.directory.here == [scene.stage.bob.id: 1])
    scene.stage.broker.announce(.accountGone(scene.stage.bob.id))
    #expect(laptop.ended == .accountGone)
    #expect(scene.directory.here == [scene.stage.bob.id: 0])
  }

  @Test func `a change is told to the sessions that watch, and to no others`() throws {
    let scene = try Scene()
    let (ada, bob) = (scene.stage.ada.id, scene.stage.bob.id)
    let (one, two) = (try scene.stage.listener(scene.stage.ada), try scene.stage.listener(scene.stage.ada))
    #expect(try scene.watches(one, [bob, bob]))
    scene.directory.tell([Presence(user: bob, status: .online), Presence(user: ada, status: .online)])
    #expect(one.heard == ["\(bob.rawValue) online"])
    #expect(two.heard.isEmpty)
    #expect(try scene.watches(two, [bob]))
    #expect(two.heard == ["\(bob.rawValue) online"])
    #expect(scene.directory.watched == [bob])
    scene.stage.hub.unwatch(try #require(one.seat), [bob])
    scene.directory.tell([Presence(user: bob, status: .offline)])
    #expect(one.heard.count == 1)
    #expect(two.heard.count == 2)
    #expect(scene.stage.hub.report.presenceTold == 3)
  }

  @Test func `the last session that watches a user ends the watching, and who is blocked is watched no more`() throws {
    let scene = try Scene()
    let (bob, eve) = (scene.stage.bob.id, try scene.stage.register("eve").id)
    let (one, two) = (scene.stage.session(of: scene.stage.ada), scene.stage.session(of: scene.stage.ada))
    #expect(try scene.watches(one, [bob, eve]))
    #expect(try scene.watches(two, [bob]))
    scene.stage.hub.detach(try #require(one.seat))
    #expect(scene.directory.watched == [bob])
    scene.stage.hub.unwatch(by: scene.stage.ada.id, [bob])
    #expect(scene.directory.watched == [])
    #expect(scene.stage.hub.report.watched == 0)
  }

  @Test func `a session watches as many as the limit, and not one more`() throws {
    var limits = DeliveryLimits()
    limits.watchedMax = 3
    let scene = try Scene(limits: limits)
    let ear = scene.stage.session(of: scene.stage.ada)
    let users = (1...4).map { UserID(rawValue: $0) }
    #expect(try scene.watches(ear, Array(users.prefix(3))))
    #expect(try scene.watches(ear, Array(users.prefix(2))))
    #expect(try !scene.watches(ear, users))
    #expect(scene.directory.watched == Set(users.prefix(3)))
    scene.stage.hub.unwatch(try #require(ear.seat), [users[0]])
    #expect(try scene.watches(ear, [users[3]]))
  }

  @Test func `a session with much waiting does without`() throws {
    let scene = try Scene()
    let ear = try scene.stage.listener(scene.stage.ada)
    ear.reads = false
    #expect(try scene.watches(ear, [scene.stage.bob.id]))
    scene.directory.tell([Presence(user: scene.stage.bob.id, status: .online)])
    #expect(ear.heard.count == 1)
    _ = ear.deliver(EncodedFrame([UInt8](repeating: 0, count: scene.stage.hub.limits.sendQueueBytesMax)))
    scene.directory.tell([Presence(user: scene.stage.bob.id, status: .offline)])
    #expect(ear.heard.count == 2)
  }
}

/// A directory that says what the test says.
final class HandDirectory: PresenceDirectory, @unchecked Sendable {
  private var receiver: (any PresenceReceiver)?
  private(set) var here: [UserID: Int] = [:]
  private(set) var watched: Set<UserID> = []

  func attach(_ receiver: any PresenceReceiver) { self.receiver = receiver }
  func arrived(_ user: UserID) { here[user, default: 0] += 1 }
  func left(_ user: UserID) { here[user, default: 0] -= 1 }
  func watch(_ users: [UserID]) { watched.formUnion(users) }
  func unwatch(_ users: [UserID]) { watched.subtract(users) }
  func presence(of users: [UserID]) async -> [Presence] { [] }
  func tell(_ changes: [Presence]) { receiver?.presenceChanged(changes) }
}
