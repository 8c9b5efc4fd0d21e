import ChatCore
import MemoryAdapters
import TestKit
import Testing

@testable import Delivery

/// Who was watched by right is watched on only by right.
@Suite struct WatchReviewTests {
  /// Ada and Bob in a group, each with a session that watches the other; who may, the test says.
  private final class Scene: @unchecked Sendable {
    let stage: HubStage
    let directory: HandDirectory
    let room: ConversationID
    let (adas, bobs): (Ear, Ear)
    /// Nil cannot be found out.
    var allowed: Set<UserID>? = []
    private(set) var asked: [UserID: [[UserID]]] = [:]

    init() throws {
      directory = HandDirectory()
      stage = try HubStage(presence: directory)
      room = try stage.group()
      (adas, bobs) = (try stage.listener(stage.ada), try stage.listener(stage.bob))
      stage.hub.mayWatch = { [unowned self] caller, users in
        asked[caller.user, default: []].append(users)
        return allowed
      }
      #expect(stage.hub.watch(try #require(adas.seat), [stage.bob.id]))
      #expect(stage.hub.watch(try #require(bobs.seat), [stage.ada.id]))
      (adas.heard, bobs.heard) = ([], [])
    }

    func wait(_ span: Milliseconds = 1_500) { stage.time.run(for: span) }

    func publish(_ entry: Entry) { stage.broker.publish([entry]) }

    /// Whether the two hear that the other has come.
    func hear() -> (ada: Bool, bob: Bool) {
      (adas.heard, bobs.heard) = ([], [])
      directory.tell([stage.ada.id, stage.bob.id].map { Presence(user: $0, status: .online) })
      defer { directory.tell([stage.ada.id, stage.bob.id].map { Presence(user: $0, status: .offline) }) }
      return (!adas.heard.isEmpty, !bobs.heard.isEmpty)
    }

    /// What Bob's own conversation says of Ada.
    func contact(_ state: ContactState?) throws -> Entry {
      let ada = stage.ada
      let contact = Contact(
        user: ada.id, username: ada.username, state: state, label: nil, isBlocked: false, timeoutUntil: nil,
        streak: nil, isInitiator: false, since: nil)
      return Entry(
        conversation: stage.bob.ownConversation, seq: 3, id: EntryID(rawValue: 4_096),
        createdAt: Timestamp(milliseconds: 0), author: Author(id: ada.id, username: ada.username),
        event: .contactChanged(contact))
    }
  }

  @Test func `who is taken out of a conversation hears no more of its members, nor they of him`() throws {
    let scene = try Scene()
    #expect(scene.hear() == (true, true))
    scene.stage.broker.publish(try scene.stage.change(scene.room, .remove, of: scene.stage.bob, by: scene.stage.ada))
    scene.wait()
    #expect(scene.hear() == (false, false))
    #expect(scene.directory.watched.isEmpty)
    #expect(scene.asked == [scene.stage.ada.id: [[scene.stage.bob.id]], scene.stage.bob.id: [[scene.stage.ada.id]]])
  }

  @Test func `who still may is told as before`() throws {
    let scene = try Scene()
    scene.allowed = [scene.stage.ada.id, scene.stage.bob.id]
    scene.stage.broker.publish(try scene.stage.change(scene.room, .remove, of: scene.stage.bob, by: scene.stage.ada))
    scene.wait()
    #expect(scene.asked.count == 2 && scene.hear() == (true, true))
  }

  @Test func `what cannot be found out is asked again until it is`() throws {
    let scene = try Scene()
    scene.allowed = nil
    scene.stage.broker.publish(try scene.stage.change(scene.room, .remove, of: scene.stage.bob, by: scene.stage.ada))
    scene.wait(10_000)
    #expect(scene.hear() == (true, true))
    let tries = try #require(scene.asked[scene.stage.bob.id]).count
    #expect((3...8).contains(tries), "\(tries)")
    scene.allowed = []
    scene.wait(2_500)
    #expect(scene.hear() == (false, false))
    scene.wait(60_000)
    #expect(scene.asked[scene.stage.bob.id]?.count == tries + 1)
  }

  @Test(arguments: [nil, ContactState.new, .requested, .accepted])
  func `who is a contact no more is asked about, and who is one is not`(_ state: ContactState?) throws {
    let scene = try Scene()
    scene.publish(try scene.contact(state))
    scene.wait()
    #expect(scene.hear() == (true, state == .accepted))
    #expect(scene.asked == (state == .accepted ? [:] : [scene.stage.bob.id: [[scene.stage.ada.id]]]))
  }

  @Test func `the members of a conversation that was deleted hear no more of each other`() throws {
    let scene = try Scene()
    let (world, ada, room) = (scene.stage.world, scene.stage.ada, scene.room)
    let made = scene.stage.time.finish { try? await world.delete(room, by: ada) }
    scene.stage.broker.publish(try #require(made ?? nil))
    scene.wait()
    #expect(scene.hear() == (false, false))
  }

  @Test func `a session that follows no conversation hears of nothing, so it is asked about without a reason`() throws {
    let scene = try Scene()
    let silent = scene.stage.session(of: scene.stage.bob)
    #expect(scene.stage.hub.watch(try #require(silent.seat), [scene.stage.ada.id]))
    scene.stage.hub.doubtUnseated()
    scene.wait()
    silent.heard = []
    #expect(scene.hear() == (true, true))
    #expect(silent.heard.isEmpty)
  }

  @Test func `a broker that has been away has told of no block, so all are asked about`() throws {
    let scene = try Scene()
    scene.stage.broker.interrupt()
    scene.stage.broker.confirmAll()
    scene.wait()
    #expect(scene.hear() == (false, false))
    #expect(scene.asked.values.allSatisfy { $0.count == 1 })
  }
}
