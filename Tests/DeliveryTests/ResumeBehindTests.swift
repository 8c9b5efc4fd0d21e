import ChatCore
import MemoryAdapters
import TestKit
import Testing

@testable import Delivery

/// Who lacks more than a resume sends is told so before he is told anything new: a client that goes by the number of
/// what it heard last would else never ask for what it lacks.
@Suite struct ResumeBehindTests {
  /// Bob is at the first entry of two rooms: the near one takes a while to be read, the far one is past the limit.
  private struct Scene {
    let stage: HubStage
    let near: ConversationID
    let far: ConversationID
    let bob: Ear

    init(far count: Int = 51, joinsPerTurn: Int = 256) throws {
      var limits = DeliveryLimits()
      limits.resumeEntriesMax = 50
      limits.joinsPerTurn = joinsPerTurn
      stage = try HubStage(limits: limits)
      stage.log.latency = 20
      (near, far) = (try stage.group("near"), try stage.group("far"))
      for count in 1...49 { try stage.say("\(count)", in: near) }
      for count in 1...count { try stage.say("\(count)", in: far) }
      bob = stage.session(of: stage.bob)
      stage.resume(bob, have: [near: 1, far: 1])
      stage.time.run(for: 5)
    }

    /// What he heard of the far room before the answer came.
    func runToAnswer() -> [Int64] {
      var before = bob.seqs(far)
      for _ in 0..<1_000 where bob.outcome == nil {
        before = bob.seqs(far)
        stage.time.run(for: 1)
      }
      return before
    }
  }

  @Test func `what is said meanwhile follows the answer`() throws {
    let scene = try Scene()
    scene.stage.broker.publish([try scene.stage.say("53", in: scene.far)])
    try scene.stage.say("54, of which Redis says nothing", in: scene.far)
    #expect(scene.runToAnswer().isEmpty)
    #expect(scene.bob.seqs(scene.near) == Array(2...50))
    guard case .resumed(let heads, [scene.far], []) = scene.bob.outcome else {
      Issue.record("\(String(describing: scene.bob.outcome))")
      return
    }
    #expect(heads[scene.far] == 52)
    scene.stage.time.run(for: 3_000)
    #expect(scene.bob.seqs(scene.far) == [53, 54])
    scene.stage.broker.publish([try scene.stage.say("55", in: scene.far)])
    #expect(scene.bob.seqs(scene.far) == [53, 54, 55])
  }

  @Test func `what another session is told live, it is told too`() throws {
    let scene = try Scene()
    let other = try scene.stage.listener(scene.stage.bob, signIn: 2)
    scene.stage.broker.publish([try scene.stage.say("53", in: scene.far)])
    #expect(other.seqs(scene.far) == [53])
    #expect(scene.runToAnswer().isEmpty)
    scene.stage.time.run(for: 3_000)
    #expect(scene.bob.seqs(scene.far) == [53])
    #expect(other.seqs(scene.far) == [53])
  }

  @Test func `one who is removed meanwhile hears up to his removal`() throws {
    let scene = try Scene()
    scene.stage.broker.publish(
      try scene.stage.change(scene.far, .remove, of: scene.stage.bob, by: scene.stage.ada)
        + [try scene.stage.say("secret", in: scene.far)])
    #expect(scene.runToAnswer().isEmpty)
    scene.stage.time.run(for: 5_000)
    #expect(scene.bob.seqs(scene.far) == [53])
  }

  @Test func `one who leaves and comes back meanwhile hears nothing of what was said in between`() throws {
    let scene = try Scene()
    let stage = scene.stage
    stage.broker.publish(try stage.change(scene.far, .remove, of: stage.bob, by: stage.ada))
    stage.broker.publish([try stage.say("secret", in: scene.far)])
    stage.broker.publish(try stage.change(scene.far, .put(nil), of: stage.bob, by: stage.ada))
    #expect(scene.runToAnswer().isEmpty)
    stage.time.run(for: 5_000)
    #expect(scene.bob.seqs(scene.far) == [53, 55])
    stage.broker.publish([try stage.say("welcome", in: scene.far)])
    #expect(scene.bob.seqs(scene.far) == [53, 55, 56])
  }

  @Test func `one whose conversation is deleted meanwhile hears of that after the answer`() throws {
    let scene = try Scene()
    let (world, ada, far) = (scene.stage.world, scene.stage.ada, scene.far)
    scene.stage.broker.publish(
      try #require(scene.stage.time.finish { try? await world.delete(far, by: ada) } ?? nil))
    #expect(scene.runToAnswer().isEmpty)
    scene.stage.time.run(for: 12_000)
    #expect(scene.bob.seqs(far) == [53])
    #expect(scene.stage.broker.unfollowed.contains(.conversation(far)))
  }

  @Test func `who is behind in his own conversation is seated in what he joins after the answer, twice`() throws {
    let scene = try Scene()
    let (stage, own) = (scene.stage, scene.stage.bob.ownConversation)
    // Each room that he is put into is an entry of his own conversation.
    for number in 1...60 { _ = try stage.group("\(number)") }
    let ears = [1, 2].map { stage.session(of: stage.bob, signIn: $0) }
    for ear in ears { stage.resume(ear, have: [own: 1, scene.near: 1]) }
    stage.time.run(for: 5)
    let joined = try stage.group("new", owner: stage.ada, members: [])
    stage.broker.publish(try stage.change(joined, .put(nil), of: stage.bob, by: stage.ada))
    for ear in ears {
      for _ in 0..<1_000 where ear.outcome == nil { stage.time.run(for: 1) }
      guard case .resumed(_, [own], []) = ear.outcome else {
        Issue.record("\(String(describing: ear.outcome))")
        return
      }
    }
    stage.time.run(for: 3_000)
    stage.broker.publish([try stage.say("welcome", in: joined)])
    for ear in ears { #expect(ear.seqs(joined) == [2, 3] && ear.seqs(own).count == 1) }
  }

  @Test func `one that goes away before the answer leaves nothing behind`() throws {
    let scene = try Scene()
    scene.stage.hub.detach(try #require(scene.bob.seat))
    scene.stage.broker.publish([try scene.stage.say("53", in: scene.far)])
    scene.stage.time.run(for: 20_000)
    #expect(scene.bob.seqs(scene.far).isEmpty)
    #expect(scene.stage.hub.report.rooms == 0)
  }

  @Test func `many are told on in turns`() throws {
    var limits = DeliveryLimits()
    limits.resumeEntriesMax = 1
    limits.joinsPerTurn = 2
    let stage = try HubStage(limits: limits)
    let rooms = try (0..<7).map { try stage.group("\($0)") }
    for room in rooms { for count in 1...2 { try stage.say("\(count)", in: room) } }
    let bob = try stage.listener(stage.bob, have: Dictionary(uniqueKeysWithValues: rooms.map { ($0, 1) }))
    guard case .resumed(_, let behind, _) = bob.outcome else {
      Issue.record("\(String(describing: bob.outcome))")
      return
    }
    #expect(behind.sorted() == rooms.sorted())
    stage.broker.publish(try rooms.map { try stage.say("live", in: $0) })
    stage.time.run(for: 100)
    for room in rooms { #expect(bob.seqs(room) == [4]) }
  }

  /// So many sessions of Bob's who await their answers in the far room.
  private func awaiting(_ count: Int, in scene: Scene) throws -> [Ear] {
    let stage = scene.stage
    stage.log.latency = 200
    let ears = (0..<count).map { stage.session(of: stage.bob, signIn: Int64($0)) }
    for ear in ears { stage.resume(ear, have: [scene.near: 1, scene.far: 1]) }
    stage.time.run(for: 50)
    #expect(stage.hub.rooms[scene.far]?.catching.count == count + 1)
    return ears
  }

  /// A server that was away sends thousands back at once: for each of them all others were walked over.
  @Test func `what one costs does not grow with how many come back at once`() throws {
    let scene = try Scene()
    let (stage, far) = (scene.stage, scene.far)
    let ears = try awaiting(400, in: scene)
    stage.broker.publish([try stage.say("53", in: far)])
    stage.time.run(for: 2_000)
    for ear in ears { #expect(ear.outcome != nil && ear.seqs(far) == [53]) }
    let walked = try #require(stage.hub.rooms[far]).walked
    #expect(walked > 0 && walked < 20 * ears.count, "\(walked)")
  }

  @Test func `when some of many go, the others hear what they are owed`() throws {
    let scene = try Scene()
    let (stage, far) = (scene.stage, scene.far)
    let ears = try awaiting(40, in: scene)
    for (index, ear) in ears.enumerated() where index % 3 == 0 { stage.hub.detach(try #require(ear.seat)) }
    #expect(stage.hub.rooms[far]?.catching.count == 27)
    stage.time.run(for: 2_000)
    stage.broker.publish([try stage.say("53", in: far)])
    for (index, ear) in ears.enumerated() { #expect(ear.seqs(far) == (index % 3 == 0 ? [] : [53]), "\(index)") }
  }
}
