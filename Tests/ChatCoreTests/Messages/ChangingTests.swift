import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct ChangingTests {
  @Test func `a change is told once, and what is so already not at all`() async throws {
    let stage = try await Stage.set()
    let said = try await stage.cast.say("hi", by: stage.cast.bob, in: try await stage.cast.group().id).message
    for _ in 1...2 {
      let edited = try await EditMessage(message: said.id, text: "ho").run(in: stage.chat, as: stage.bob)
      #expect(edited.text == "ho")
      _ = try await AddReaction(message: said.id, emoji: "👍").run(in: stage.chat, as: stage.ada)
    }
    for _ in 1...2 { _ = try await RemoveReaction(message: said.id, emoji: "👍").run(in: stage.chat, as: stage.ada) }
    for _ in 1...2 { _ = try await DeleteMessage(message: said.id).run(in: stage.chat, as: stage.bob) }
    let told = stage.publisher.entries
    #expect(told.map(\.event.name) == ["message.edited", "reaction.added", "reaction.removed", "message.deleted"])
    #expect(told.map(\.seq) == [3, 4, 5, 6])
  }

  @Test func `the text before an edit is the sender's alone, and no event tells it`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group().id
    let said = try await stage.cast.say("hi", by: stage.cast.bob, in: group).message
    _ = try await EditMessage(message: said.id, text: "ho").run(in: stage.chat, as: stage.bob)
    for (caller, wanted) in [(stage.bob, "hi"), (stage.ada, nil)] as [(Caller, String?)] {
      #expect(try await ShowMessage(message: said.id).run(in: stage.chat, as: caller).previousText == wanted)
      let page = try await ListMessages(conversation: group).run(in: stage.chat, as: caller)
      #expect(try page.messages.map(\.previousText) == [wanted])
      let log = try await ListEntries(conversation: group).run(in: stage.chat, as: caller)
      #expect(!"\(log)".contains("\"hi\""))
    }
    #expect(!"\(stage.publisher.entries)".contains("\"hi\""))
    // Ada, who owns the group, deletes it and learns nothing by that either.
    let deleted = try await DeleteMessage(message: said.id).run(in: stage.chat, as: stage.ada)
    #expect(deleted.previousText == nil)
  }

  @Test(arguments: [("", "too_short"), ("   ", "not_allowed"), (String(repeating: "x", count: 16_385), "too_long")])
  func `an edit keeps the rules of a text`(text: String, code: String) async throws {
    let stage = try await Stage.set()
    let said = try await stage.cast.say("hi", by: stage.cast.bob, in: try await stage.cast.group().id).message
    do {
      _ = try await EditMessage(message: said.id, text: text).run(in: stage.chat, as: stage.bob)
      Issue.record("taken")
    } catch .invalid(let faults) {
      #expect(faults.map(\.pointer) == ["/text"])
      #expect(faults.map(\.code) == [code])
    } catch {
      Issue.record("\(error)")
    }
  }
}
