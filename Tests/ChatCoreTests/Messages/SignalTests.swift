import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite struct TellingTests {
  @Test func `typing is told once a second for each user and conversation`() async throws {
    let stage = try await Stage.set()
    let (one, two) = (try await stage.cast.group().id, try await stage.cast.direct().id)
    for conversation in [one, one, two] {
      try await Typing(conversation: conversation).run(in: stage.chat, as: stage.bob)
    }
    let bob = Author(id: stage.bob.user, username: stage.cast.bob.username)
    #expect(stage.publisher.signals == [.typing(one, bob), .typing(two, bob)])
    try await Typing(conversation: one).run(in: stage.chat, as: stage.ada)
    #expect(stage.publisher.signals.count == 3)
    stage.clock.advance(by: 999)
    try await Typing(conversation: one).run(in: stage.chat, as: stage.bob)
    #expect(stage.publisher.signals.count == 3)
    stage.clock.advance(by: 1)
    try await Typing(conversation: one).run(in: stage.chat, as: stage.bob)
    #expect(stage.publisher.signals.count == 4)
    #expect(stage.publisher.entries == [])
  }

  @Test(arguments: [(2, true), (1, false)])
  func `a member may tell the others what is not stored, unless they are a crowd`(most: Int, may: Bool) async throws {
    var limits = Limits()
    limits.signalMembersMax = most
    let stage = try await Stage.set(limits: limits)
    let (group, square) = (try await stage.cast.group().id, try await stage.cast.square().id)
    #expect(try await MaySignal(conversation: group).run(in: stage.chat, as: stage.bob) == may)
    for (conversation, wanted) in [(group, ChatError.notFound(.conversation)), (square, .forbidden(.notAMember))] {
      await refused(wanted) { () throws(ChatError) in
        try await MaySignal(conversation: conversation).run(in: stage.chat, as: stage.eve)
      }
    }
  }

  @Test func `who is no member tells nobody that he writes or reads`() async throws {
    let stage = try await Stage.set()
    let (group, square) = (try await stage.cast.group().id, try await stage.cast.square().id)
    for (conversation, wanted) in [(group, ChatError.notFound(.conversation)), (square, .forbidden(.notAMember))] {
      await refused(wanted) { () throws(ChatError) in
        try await Typing(conversation: conversation).run(in: stage.chat, as: stage.eve)
      }
      await refused(wanted) { () throws(ChatError) in
        try await MarkRead(conversation: conversation, seq: 1).run(in: stage.chat, as: stage.eve)
      }
    }
    #expect(stage.publisher.signals == [])
  }

  @Test func `between two of whom one blocks the other nobody is seen writing or reading`() async throws {
    let stage = try await Stage.set()
    let direct = try await stage.cast.direct().id
    _ = try await BlockUser(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    let told = stage.publisher.signals.count
    for caller in [stage.ada, stage.bob] {
      await refused(.forbidden(.blocked)) { () throws(ChatError) in
        try await Typing(conversation: direct).run(in: stage.chat, as: caller)
      }
      #expect(try await MarkRead(conversation: direct, seq: 1).run(in: stage.chat, as: caller) == 1)
    }
    #expect(stage.publisher.signals.count == told)
  }

  @Test func `who has last words left says them as one message, and nothing besides`() async throws {
    let stage = try await Stage.set()
    let direct = try await stage.cast.direct().id
    let said = try await stage.cast.say("early", by: stage.cast.bob, in: direct).message.id
    _ = try await BlockUser(user: stage.bob.user, lastWords: true).run(in: stage.chat, as: stage.ada)
    await refused(.forbidden(.blocked)) { () throws(ChatError) in
      try await Typing(conversation: direct).run(in: stage.chat, as: stage.bob)
    }
    await refused(.forbidden(.blocked)) { () throws(ChatError) in
      try await MaySignal(conversation: direct).run(in: stage.chat, as: stage.bob)
    }
    await refused(.forbidden(.blocked)) { () throws(ChatError) in
      try await EditMessage(message: said, text: "more").run(in: stage.chat, as: stage.bob)
    }
    for place in [FilePlace.conversation(direct), .message(said)] {
      await refused(.forbidden(.blocked)) { () throws(ChatError) in
        try await RegisterFileLink(name: "a.pdf", url: "/a.pdf", size: 1, place: place).run(
          in: stage.chat, as: stage.bob)
      }
    }
    let last = try await SendMessage(conversation: direct, text: "last").run(in: stage.chat, as: stage.bob)
    #expect(last.wereLastWords)
  }

  @Test(arguments: [(2, 1), (1, 0)])
  func `typing and reading are told up to a number of members, and the marker moves all the same`(
    most: Int, told: Int
  ) async throws {
    var limits = Limits()
    limits.signalMembersMax = most
    let stage = try await Stage.set(limits: limits)
    let group = try await stage.cast.group().id
    try await Typing(conversation: group).run(in: stage.chat, as: stage.bob)
    #expect(stage.publisher.signals.count == told)
    #expect(try await MarkRead(conversation: group, seq: 1).run(in: stage.chat, as: stage.bob) == 1)
    #expect(stage.publisher.signals.count == told * 2)
    #expect(try await stage.world.standing(of: stage.bob.user, in: group)?.member?.readSeq == 1)
  }

  @Test func `a read marker is told when it moves, and no faster than its pace`() async throws {
    let stage = try await Stage.set()
    let group = try await stage.cast.group().id
    for number in 2...9 { try await stage.cast.say("\(number)", by: stage.cast.ada, in: group) }
    let mark = { (seq: Int64) async throws in
      try await MarkRead(conversation: group, seq: seq).run(in: stage.chat, as: stage.bob)
    }
    #expect(try await mark(2) == 2)
    #expect(try await mark(2) == 2)
    #expect(try await mark(1) == 2)
    #expect(stage.publisher.signals == [.read(group, stage.bob.user, seq: 2)])
    for seq in Int64(3)...9 { #expect(try await mark(seq) == seq) }
    #expect(stage.publisher.signals.count == 5)
    #expect(try await stage.world.standing(of: stage.bob.user, in: group)?.member?.readSeq == 9)
    await refused(
      .invalid([.init(pointer: "/seq", code: "out_of_range", detail: "seq must not be beyond the head, 9.")])
    ) { () throws(ChatError) in
      try await MarkRead(conversation: group, seq: 10).run(in: stage.chat, as: stage.bob)
    }
  }
}
