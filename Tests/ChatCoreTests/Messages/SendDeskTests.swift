@testable import ChatCore
import MemoryAdapters
import Synchronization
import TestKit
import Testing

/// What is sent without a task, and what is not.
@Suite struct SendDeskTests {
  private final class Told: Sendable {
    let results = Mutex<[Result<Appended, ChatError>]>([])

    var messages: [Message] { results.withLock { $0.compactMap { try? $0.get().message } } }
  }

  private func desk(_ stage: Stage) -> SendDesk { SendDesk(stage.chat) { body in Task { await body() } } }

  /// Whether it needed no task.
  private func begin(
    _ text: String, in id: ConversationID, at desk: SendDesk, as caller: Caller, told: Told,
    clientMessageID: String? = nil, attachments: [FileID] = []
  ) -> Bool {
    let command = SendMessage(
      conversation: id, text: text, clientMessageID: clientMessageID, attachments: attachments)
    return desk.begin(command, as: caller) { result in told.results.withLock { $0.append(result) } }
  }

  @Test func `once a conversation is known to be no crowd its messages need no task, for a minute`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group().id
    let (desk, told) = (desk(stage), Told())
    #expect(!begin("0", in: group, at: desk, as: stage.ada, told: told))
    // Nobody looks up what is written to now and then.
    for text in ["1", "2"] {
      _ = try await desk.run(SendMessage(conversation: group, text: text), in: stage.chat, as: stage.ada)
    }
    #expect(begin("3", in: group, at: desk, as: stage.ada, told: told))
    #expect(told.messages.map(\.text) == ["3"])
    #expect(stage.publisher.entries.last?.event == .messageCreated(try #require(told.messages.last)))
    stage.clock.advance(by: CrowdSizes.keptFor)
    #expect(!begin("4", in: group, at: desk, as: stage.ada, told: told))
  }

  @Test func `a crowd's messages are always asked for their price`() async throws {
    var limits = Limits()
    limits.signalMembersMax = 1
    let stage = try await Stage.set(limits: limits)
    let group = try await stage.cast.group().id
    let (desk, told) = (desk(stage), Told())
    for text in ["1", "2", "3"] {
      _ = try await desk.run(SendMessage(conversation: group, text: text), in: stage.chat, as: stage.ada)
    }
    #expect(!begin("4", in: group, at: desk, as: stage.ada, told: told))
  }

  @Test func `what somebody is still looking up is not known`() async {
    let (sizes, id) = (CrowdSizes(), ConversationID(rawValue: 4_096))
    #expect(await sizes.written(to: id, at: 1) == .unimportant)
    #expect(await sizes.written(to: id, at: 2) == .wanted)
    #expect(await sizes.isAtMost(9, id) == nil)
    await sizes.learn(3, of: id, at: 2, isCrowd: false)
    #expect(await sizes.isAtMost(9, id) == 2 + CrowdSizes.keptFor)
    #expect(await sizes.isAtMost(2, id) == nil)
    #expect(await sizes.written(to: id, at: 2 + CrowdSizes.keptFor) == .wanted)
    #expect(await sizes.isAtMost(9, id) == nil, "what was known before is not what is found now")
  }

  @Test func `the same is refused, repeated and published as by a task`() async throws {
    var limits = Limits()
    limits.fanOutPerSecond = 0
    let stage = try await Stage.set(limits: limits)
    let group = try await stage.cast.group().id
    let (desk, told) = (desk(stage), Told())
    #expect(begin("", in: group, at: desk, as: stage.ada, told: told))
    #expect(begin("once", in: group, at: desk, as: stage.eve, told: told))
    for _ in 0..<2 { #expect(begin("once", in: group, at: desk, as: stage.ada, told: told, clientMessageID: "c")) }
    #expect(!begin("a file", in: group, at: desk, as: stage.ada, told: told, attachments: [FileID(rawValue: 4_096)]))
    let results = told.results.withLock { $0 }
    for (text, caller, result) in [("", stage.ada, results[0]), ("once", stage.eve, results[1])] {
      guard case .failure(let refusal) = result else {
        Issue.record("\(result)")
        continue
      }
      await refused(refusal) { () throws(ChatError) in
        try await SendMessage(conversation: group, text: text).run(in: stage.chat, as: caller)
      }
    }
    let (first, again) = (try results[2].get(), try results[3].get())
    #expect((first.repeated, again.repeated) == (false, true) && first.message == again.message)
    #expect(stage.publisher.entries.map(\.id) == [first.message.id])
  }

  @Test func `strangers who write to each other are contacts when the first of them is answered`() async throws {
    var limits = Limits()
    limits.fanOutPerSecond = 0
    let stage = try await Stage.set(limits: limits)
    let direct = try await stage.cast.direct().id
    let (desk, told) = (desk(stage), Told())
    #expect(begin("hello", in: direct, at: desk, as: stage.ada, told: told))
    while told.messages.isEmpty { await Task.yield() }
    let known = try await stage.world.contacts(of: stage.ada.user, in: [.new], after: nil, limit: 9)
    #expect(known.map(\.user) == [stage.bob.user])
  }
}
