import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct ContactsTests {
  @Test func `a request is published to both, and accepted`() async throws {
    let stage = try await Stage.set()
    let asked = try await RequestContact(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    #expect(asked.state == .requested)
    #expect(
      stage.publisher.entries.map(\.conversation)
        == [stage.cast.ada.ownConversation, stage.cast.bob.ownConversation])
    #expect(try await AcceptContact(user: stage.ada.user).run(in: stage.chat, as: stage.bob).state == .accepted)
    let page = try await ListContacts(states: [.accepted]).run(in: stage.chat, as: stage.ada)
    #expect(page.items.map(\.user) == [stage.bob.user])
    _ = try await RemoveContact(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    await refused(.notFound(.contact)) { () throws(ChatError) in
      try await FindContact(user: stage.ada.user).run(in: stage.chat, as: stage.bob)
    }
  }

  @Test func `nobody is his own contact, and nobody asks whom there is not`() async throws {
    let stage = try await Stage.set()
    await faulty(["/user not_allowed"]) { () throws(ChatError) in
      try await RequestContact(user: stage.ada.user).run(in: stage.chat, as: stage.ada)
    }
    await faulty(["/user not_allowed"]) { () throws(ChatError) in
      try await BlockUser(user: stage.ada.user).run(in: stage.chat, as: stage.ada)
    }
    await refused(.notFound(.user)) { () throws(ChatError) in
      try await AddContact(user: UserID(rawValue: 4095)).run(in: stage.chat, as: stage.ada)
    }
    await refused(.notFound(.contact)) { () throws(ChatError) in
      try await SetContactStatus(user: stage.bob.user, label: .friend).run(in: stage.chat, as: stage.ada)
    }
  }

  @Test func `strangers who write to each other become contacts, once`() async throws {
    let stage = try await Stage.set()
    let direct = try await stage.cast.direct().id
    for text in ["hello", "again"] {
      _ = try await SendMessage(conversation: direct, text: text).run(in: stage.chat, as: stage.ada)
    }
    let told = stage.publisher.entries.filter { if case .contactChanged = $0.event { true } else { false } }
    #expect(told.map(\.conversation) == [stage.cast.ada.ownConversation, stage.cast.bob.ownConversation])
    #expect(try await FindContact(user: stage.ada.user).run(in: stage.chat, as: stage.bob).state == .new)
  }

  @Test(arguments: ContactLabel.allCases)
  func `a word set by hand is shown to who has set it`(label: ContactLabel) async throws {
    let stage = try await Stage.set()
    _ = try await AddContact(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    let set = try await SetContactStatus(user: stage.bob.user, label: label).run(in: stage.chat, as: stage.ada)
    #expect(set.label == label)
    #expect(try await FindContact(user: stage.bob.user).run(in: stage.chat, as: stage.ada) == set)
  }

  @Test func `last words are answered as such, then nothing passes`() async throws {
    let stage = try await Stage.set()
    let direct = try await stage.cast.direct().id
    _ = try await BlockUser(user: stage.bob.user, lastWords: true).run(in: stage.chat, as: stage.ada)
    let last = try await SendMessage(conversation: direct, text: "well", clientMessageID: "c")
      .run(in: stage.chat, as: stage.bob)
    #expect(last.wereLastWords)
    let again = try await SendMessage(conversation: direct, text: "well", clientMessageID: "c")
      .run(in: stage.chat, as: stage.bob)
    #expect(again.repeated && !again.wereLastWords)
    await refused(.forbidden(.blocked)) { () throws(ChatError) in
      try await SendMessage(conversation: direct, text: "but").run(in: stage.chat, as: stage.bob)
    }
    await refused(.forbidden(.blocked)) { () throws(ChatError) in
      try await MayReach(user: stage.ada.user).run(in: stage.chat, as: stage.bob)
    }
  }

  @Test func `who is timed out waits for a minute`() async throws {
    let stage = try await Stage.set()
    let direct = try await stage.cast.direct().id
    _ = try await AddContact(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    let timeout = SetContactStatus(user: stage.bob.user, label: .timeout)
    let contact = try await timeout.run(in: stage.chat, as: stage.ada)
    let until = stage.clock.now.adding(milliseconds: 60_000)
    #expect(contact.timeoutUntil == until)
    await refused(.timedOut(until: until)) { () throws(ChatError) in
      try await SendMessage(conversation: direct, text: "x").run(in: stage.chat, as: stage.bob)
    }
    stage.clock.advance(by: 60_000)
    _ = try await SendMessage(conversation: direct, text: "x").run(in: stage.chat, as: stage.bob)
  }
}
