import ChatCore
import MemoryAdapters
import Synchronization
import Testing

@testable import Importing

@Suite("Imports")
struct ImportRunTests {
  private struct Passwords: ImportPasswords {
    func hash(_ password: String) async throws(ChatError) -> String { "hashed" }
    func canVerify(_ hash: String) -> Bool { hash.hasPrefix("$") }
  }

  private struct Outcome {
    let tally: ImportTally
    let told: [String]
  }

  private func take(
    _ lines: [String], into store: any ImportStore, _ adjust: (inout ImportOptions) -> Void = { _ in }
  ) async throws -> Outcome {
    var options = ImportOptions()
    adjust(&options)
    let told = Mutex<[String]>([])
    let ports = ImportPorts(
      store: store, passwords: Passwords(), clock: WallClock())
    var run = ImportRun(ports: ports, options: options) { sentence in told.withLock { $0.append(sentence) } }
    let numbered = lines.enumerated().map { LineReader.Line(number: $0 + 1, bytes: Array($1.utf8)) }
    _ = try await run.take(numbered)
    return Outcome(tally: run.tally, told: told.withLock { $0 })
  }

  private func user(_ key: String, _ name: String, _ rest: String = "") -> String {
    #"{"type":"user","key":"\#(key)","username":"\#(name)","password_hash":"$"\#(rest)}"#
  }

  private func message(_ key: String, _ from: String, _ to: String, _ rest: String = "") -> String {
    #"{"type":"message","key":"\#(key)","from":"\#(from)",\#(to),"text":"\#(key)","#
      + #""created_at":"2023-05-04T10:00:00Z"\#(rest)}"#
  }

  private var story: [String] {
    [
      user("1", "ada"), user("2", "bob"), #"{"type":"contact","of":"1","to":"2","state":"accepted","blocked":true}"#,
      #"{"type":"group","key":"g","title":"Room","owner":"1","members":[{"user":"2"}],"#
        + #""created_at":"2023-05-03T10:00:00Z"}"#,
      message("m1", "1", #""to":"2""#), message("m2", "2", #""to":"1""#, #","reply_to":"m1""#),
      message("m3", "2", #""group":"g""#), message("m4", "2", #""lobby":true"#),
    ]
  }

  @Test("a story goes in once, however often it is told")
  func again() async throws {
    let world = MemoryWorld()
    let first = try await take(story, into: world)
    #expect(first.told == [])
    #expect(first.tally.users == 2 && first.tally.contacts == 1 && first.tally.groups == 1 && first.tally.messages == 4)
    let second = try await take(story, into: world)
    #expect(second.told == [] && second.tally.users + second.tally.groups + second.tally.messages == 0)
    #expect(second.tally.before == 7)
    let ada = try #require(try await world.holder(ofUsernameKey: "ada"))
    let bob = try #require(try await world.holder(ofUsernameKey: "bob"))
    let direct = try await world.openDirect(ada, bob, at: ada.createdAt, most: 9)
    let history = try await world.messages(of: direct, page: .latest, limit: 9)
    #expect(history.map(\.text) == ["m1", "m2"] && history.last?.replyTo == history.first?.id)
    let lobby = try await world.messages(of: Lobby.id, page: .latest, limit: 9)
    #expect(lobby.map(\.clientMessageID) == ["import:m4"])
  }

  @Test("what is wrong is told with its line and does not go in, and what refers to it neither; the rest goes on")
  func refused() async throws {
    let world = MemoryWorld()
    let lines = [
      user("1", "ada"), user("2", "no@where"), "{", user("3", "bob"), user("3", "eve"),
      message("m1", "1", #""to":"2""#),
      message("m2", "1", #""to":"1""#), message("m3", "1", #""group":"x""#), message("m4", "1", #""to":"3""#),
      message("m5", "1", #""to":"3""#, #","reply_to":"m3""#),
      message("m4", "1", #""to":"3""#, #","message_type":"file""#),
      #"{"type":"user","key":"9","username":"kim","password_hash":"plain"}"#,
      #"{"type":"message","key":"m6","from":"1","to":"3","text":"x","created_at":"2999-05-04T10:00:00Z"}"#,
      #"{"type":"contact","of":"1","to":"1","state":"new"}"#,
    ]
    let outcome = try await take(lines, into: world)
    let places = outcome.told.map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
    #expect(
      places == [
        "line 2: /username:", "line 3: The", "line 5: /key:", "line 6: /to:", "line 7: /to:", "line 8: /group:",
        "line 10: /reply_to:", "line 11: /key:", "line 12: /password_hash:", "line 13: /created_at:", "line 14: /to:",
      ])
    #expect(outcome.tally.refused == 11 && outcome.tally.users == 2 && outcome.tally.messages == 1)
    #expect(!outcome.told.joined().contains("no@where") && !outcome.told.joined().contains("plain"))
  }

  @Test("strictly, nothing goes in after the first that is refused")
  func strict() async throws {
    let world = MemoryWorld()
    let outcome = try await take([user("1", "ada"), "{", user("2", "bob")], into: world) { $0.isStrict = true }
    #expect(outcome.tally.users == 1 && outcome.tally.refused == 1)
    let taken = try await take([user("2", "kim"), user("3", "ada"), user("4", "bob")], into: world) {
      $0.isStrict = true
      $0.source = "other"
    }
    #expect(taken.tally.users == 1 && taken.told.count == 1)
    #expect(try await world.holder(ofUsernameKey: "bob") == nil)
  }

  @Test("a name that looks like another, which nobody may register, is taken as it is and told")
  func lookalike() async throws {
    let world = MemoryWorld()
    for time in 1...2 {
      let taken = try await take([user("1", "\u{430}da"), user("2", "\u{430}\u{434}\u{430}")], into: world)
      #expect(taken.tally.refused == 0 && taken.tally.users == (time == 1 ? 2 : 0))
      #expect(taken.told.count == 1)
      #expect(taken.told.first?.hasPrefix("line 1: /username: username must be written in one script") == true)
    }
    #expect(try await world.holder(ofUsernameKey: "\u{430}da") != nil)
  }

  @Test("a name that somebody has is refused, reused or changed, as the record says, or else the options")
  func existing() async throws {
    let world = MemoryWorld()
    let eve = try await world.register(
      NewUser(username: Username(stored: "Ada"), displayName: "Eve", email: nil, passwordHash: "hers"))
    let refused = try await take([user("1", "ada"), message("m", "1", #""lobby":true"#)], into: world)
    #expect(refused.tally.refused == 2 && refused.told.first?.contains("--existing") == true)
    let reused = try await take([user("1", "ada", #","existing":"reuse""#)], into: world)
    #expect(reused.tally.reused == 1 && reused.told == [])
    #expect(try await world.passwordHash(of: eve.id) == "hers")
    for time in 1...2 {
      let renamed = try await take([user("1", "ada"), user("2", "ADA")], into: world) { $0.existing = .rename }
      #expect(renamed.tally.renamed == 2 && renamed.tally.users == (time == 1 ? 2 : 0))
      #expect(
        renamed.told == [
          "line 1: /username: The user signs in as ada_2.", "line 2: /username: The user signs in as ADA_3.",
        ])
    }
    let other = try await take([user("1", "ada_2")], into: world) { $0.source = "other" }
    #expect(other.tally.refused == 1, "another system's user of the same key is another user")
  }

  @Test(
    "a name that is not allowed becomes one that is",
    arguments: [
      ("no@where", "no_where"), ("1234", "user_1234"), ("a  b ", "a__b_"), ("", "user_"), ("é", "é"),
      ("e\u{301}", "e_"),
      (String(repeating: "é", count: 40), String(repeating: "é", count: 32)),
    ])
  func names(old: String, new: String) async throws {
    guard !old.isEmpty else { return }
    let world = MemoryWorld()
    let outcome = try await take([user("1", old)], into: world) { $0.mayRename = true }
    #expect(outcome.tally.users == 1, "\(outcome.told)")
    let made = try #require(try await world.holder(ofUsernameKey: Username.key(of: new)))
    #expect(made.username.utf8.elementsEqual(new.utf8))
  }

  @Test("a rehearsal finds what a run would, and stores nothing")
  func rehearsal() async throws {
    let world = MemoryWorld()
    _ = try await world.register(
      NewUser(username: Username(stored: "kim"), displayName: "Kim", email: nil, passwordHash: "x"))
    let more = [user("3", "kim"), user("4", "ADA"), message("m9", "1", #""group":"none""#)]
    let outcome = try await take(story + more, into: Rehearsal(world, Passwords()))
    #expect(outcome.tally.users == 2 && outcome.tally.groups == 1 && outcome.tally.messages == 4)
    #expect(outcome.told.map { $0.prefix(8) } == ["line 9: ", "line 10:", "line 11:"])
    #expect(try await world.holder(ofUsernameKey: "ada") == nil)
  }

  /// A store whose database answers every third time.
  private final class Tired: ImportStore {
    let world = MemoryWorld()
    private let asked = Mutex(0)

    private func work() throws(ChatError) {
      let count = asked.withLock { asked in
        asked += 1
        return asked
      }
      if !count.isMultiple(of: 3) { throw .unavailable(.database, retryAfter: 1) }
    }

    func holder(ofUsernameKey key: String) async throws(ChatError) -> User? {
      try work()
      return try await world.holder(ofUsernameKey: key)
    }
    func users(_ ids: [UserID]) async throws(ChatError) -> [User] { try await world.users(ids) }
    func endedAccount(_ id: UserID) async throws(ChatError) -> User? { try await world.endedAccount(id) }
    func register(_ user: PastUser) async throws(ChatError) -> User { try await world.register(user) }
    func restore(
      _ state: ContactState?, isBlocked: Bool, since: Timestamp?, of user: User, to other: User, limit: Int
    ) async throws(ChatError) {
      try work()
      try await world.restore(state, isBlocked: isBlocked, since: since, of: user, to: other, limit: limit)
    }
    func openDirect(
      _ one: User, _ other: User, at moment: Timestamp, most: Int
    ) async throws(ChatError) -> ConversationID {
      try work()
      return try await world.openDirect(one, other, at: moment, most: most)
    }
    func create(_ group: PastGroup, most: Int) async throws(ChatError) -> Bool {
      try await world.create(group, most: most)
    }
    func append(_ messages: [PastMessage]) async throws(ChatError) -> [PastOutcome] {
      // What was stored although nobody heard of it is found when it is asked for again.
      let outcomes = try await world.append(messages)
      try work()
      return outcomes
    }
  }

  @Test("a database that is away for a moment is asked again, and everything is there once")
  func patience() async throws {
    let tired = Tired()
    let outcome = try await take(story, into: tired)
    #expect(outcome.told == [] && outcome.tally.users == 2 && outcome.tally.messages + outcome.tally.before == 4)
    let lobby = try await tired.world.messages(of: Lobby.id, page: .latest, limit: 9)
    #expect(lobby.count == 1)
  }

  @Test("a mistake of ours ends it, and so does nothing else")
  func stopped() async throws {
    let attempt = await patiently { () async throws(ChatError) -> Int in throw .internalError("a wrong statement") }
    guard case .stopped(let stop) = attempt else { return #expect(Bool(false)) }
    #expect(stop.sentence == "a wrong statement")
    let refused = await patiently { () async throws(ChatError) -> Int in throw .conflict(.usernameTaken) }
    guard case .refused(.conflict(.usernameTaken)) = refused else { return #expect(Bool(false)) }
  }

  @Test("a message that may not go in opens no conversation")
  func nothingOpened() async throws {
    let world = MemoryWorld()
    let long = #"{"type":"message","key":"m","from":"1","to":"2","text":"\u0001","created_at":"2023-05-04T10:00:00Z"}"#
    let outcome = try await take([user("1", "ada"), user("2", "bob"), long], into: world)
    #expect(outcome.told.count == 1 && outcome.told.first?.hasPrefix("line 3: /text: ") == true)
    let ada = try #require(try await world.holder(ofUsernameKey: "ada"))
    #expect(try await world.conversations(of: ada.id, after: nil, limit: 9, members: 0) == [])
  }

  @Test("short passwords are taken, and counted")
  func shortPasswords() async throws {
    let line = #"{"type":"user","key":"1","username":"ada","password":"1234"}"#
    let outcome = try await take([line], into: MemoryWorld())
    #expect(outcome.tally.users == 1 && outcome.tally.shortPasswords == 1)
  }

  @Test(
    "the name of a system is short and plain", arguments: [("umoc-1", true), ("", false), ("A", false), ("a:b", false)])
  func sources(name: String, isGood: Bool) { #expect(ImportOptions.isSource(name) == isGood) }

  @Test("a map of what was recent forgets, and not too soon")
  func recent() {
    var map = RecentMap<Int, Int>(generationMax: 10)
    for number in 0..<100 {
      map.put(number, number)
      for near in max(0, number - 9)...number { #expect(map[near] == near) }
    }
    #expect(map[79] == nil)
  }
}
