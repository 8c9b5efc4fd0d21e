import ChatCore
import MemoryAdapters
import Synchronization
import Testing

@testable import Importing

@Suite("Imports, and whom they may enter into something")
struct ImportEnteringTests {
  private struct Passwords: ImportPasswords {
    func hash(_ password: String) async throws(ChatError) -> String { "hashed" }
    func canVerify(_ hash: String) -> Bool { true }
  }

  private final class Told: Sendable {
    let lines = Mutex<[String]>([])
  }

  /// A run, and what it has told.
  private struct Taking {
    private let told = Told()
    private var run: ImportRun

    var lines: [String] { told.lines.withLock { $0 } }
    var tally: ImportTally { run.tally }

    init(into store: any ImportStore, _ limits: Limits = Limits()) {
      let ports = ImportPorts(store: store, passwords: Passwords(), clock: WallClock(), limits: limits)
      var options = ImportOptions()
      options.existing = .rename
      run = ImportRun(ports: ports, options: options) { [told] sentence in
        told.lines.withLock { $0.append(sentence) }
      }
    }

    mutating func take(_ lines: [String]) async throws {
      _ = try await run.take(lines.enumerated().map { LineReader.Line(number: $0 + 1, bytes: Array($1.utf8)) })
    }
  }

  private func user(_ key: String, _ name: String) -> String {
    #"{"type":"user","key":"\#(key)","username":"\#(name)","password_hash":"$"}"#
  }

  private func message(_ key: String, _ from: String, _ to: String, _ rest: String = "") -> String {
    #"{"type":"message","key":"\#(key)","from":"\#(from)",\#(to),"text":"\#(key)","#
      + #""created_at":"2023-05-04T10:00:00Z"\#(rest)}"#
  }

  private func group(_ key: String, _ owner: String, _ members: [String]) -> String {
    let others = members.map { #"{"user":"\#($0)"}"# }.joined(separator: ",")
    return #"{"type":"group","key":"\#(key)","title":"Room","owner":"\#(owner)","members":[\#(others)],"#
      + #""created_at":"2023-05-03T10:00:00Z"}"#
  }

  @Test("who has ended his account since stays gone, and takes nobody else's history away", arguments: [false, true])
  func ended(isRehearsal: Bool) async throws {
    let world = MemoryWorld()
    let before = [
      user("1", "ada"), user("2", "bob"), user("3", "eve"), group("g", "1", ["2"]), message("m1", "1", #""to":"2""#),
    ]
    var first = Taking(into: world)
    try await first.take(before)
    let bob = try #require(try await world.holder(ofUsernameKey: "bob"))
    #expect(try await world.delete(bob.id))
    var again = Taking(into: isRehearsal ? Rehearsal(world, Passwords()) : world)
    try await again.take(
      before + [
        #"{"type":"contact","of":"1","to":"2","state":"accepted"}"#, group("h", "1", ["2", "3"]),
        group("i", "2", ["1"]), message("m2", "2", #""group":"g""#),
        message("m3", "1", #""group":"g""#, #","reply_to":"m2""#), message("m4", "3", #""to":"2""#),
        message("m5", "2", #""to":"1""#),
      ])
    #expect(again.lines.first?.hasPrefix("line 2: /key: The account has ended") == true)
    #expect(try await world.holder(ofUsernameKey: "bob_2") == nil)
    guard !isRehearsal else { return #expect(again.lines.count == 1) }
    let places = again.lines.map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
    #expect(places == ["line 2: /key:", "line 6: One", "line 7: /members:", "line 8: /owner:", "line 11: /to:"])
    #expect(again.tally.messages == 3 && again.tally.groups == 1 && again.tally.refused == 3)
    let room = ImportKey(source: "import", key: "h").group
    #expect(try await world.members(of: room, after: nil, limit: 9).count == 2)
  }

  @Test("an account that ends while the import runs is told by the line that needs it, and stops nothing")
  func endsMeanwhile() async throws {
    let world = MemoryWorld()
    var taking = Taking(into: world)
    try await taking.take([user("1", "ada"), user("2", "bob"), user("3", "eve")])
    let bob = try #require(try await world.holder(ofUsernameKey: "bob"))
    #expect(try await world.delete(bob.id))
    try await taking.take([
      group("g", "1", ["2", "3"]), message("m1", "1", #""to":"2""#), message("m2", "1", #""to":"3""#),
      message("m3", "2", #""group":"g""#),
    ])
    #expect(taking.lines.map { $0.prefix(12) } == ["line 1: /mem", "line 2: /to:"])
    #expect(taking.tally.groups == 1 && taking.tally.messages == 2)
  }

  /// A store beside which another run of the same file makes each account a moment before.
  private struct Raced: ImportStore {
    let world = MemoryWorld()

    func holder(ofUsernameKey key: String) async throws(ChatError) -> User? {
      try await world.holder(ofUsernameKey: key)
    }
    func users(_ ids: [UserID]) async throws(ChatError) -> [User] { try await world.users(ids) }
    func endedAccount(_ id: UserID) async throws(ChatError) -> User? { try await world.endedAccount(id) }
    func register(_ user: PastUser) async throws(ChatError) -> User {
      _ = try await world.register(user)
      return try await world.register(user)
    }
    func restore(
      _ state: ContactState?, isBlocked: Bool, since: Timestamp?, of user: User, to other: User, limit: Int
    ) async throws(ChatError) {}
    func openDirect(
      _ one: User, _ other: User, at moment: Timestamp, most: Int
    ) async throws(ChatError) -> ConversationID { Lobby.id }
    func create(_ group: PastGroup, most: Int) async throws(ChatError) -> Bool { false }
    func append(_ messages: [PastMessage]) async throws(ChatError) -> [PastOutcome] { [] }
  }

  @Test("two that run the same at once make one account, under its own name")
  func twice() async throws {
    let raced = Raced()
    var taking = Taking(into: raced)
    try await taking.take([user("1", "ada"), user("2", "bob")])
    #expect(taking.lines == [] && taking.tally.before == 2 && taking.tally.users == 0)
    #expect(try await raced.world.holder(ofUsernameKey: "ada_2") == nil)
  }

  @Test("who has as many conversations as one may have is entered into no other, and writes on in those he has")
  func full() async throws {
    var limits = Limits()
    limits.conversationsPerUserMax = 1
    var taking = Taking(into: MemoryWorld(), limits)
    try await taking.take([
      user("1", "ada"), user("2", "bob"), user("3", "eve"), message("m1", "1", #""to":"2""#),
      message("m2", "2", #""lobby":true"#), message("m3", "2", #""to":"1""#), group("g", "3", ["1"]),
      message("m4", "3", #""to":"1""#),
    ])
    #expect(taking.lines.map { $0.prefix(12) } == ["line 7: One ", "line 8: /to:"])
    #expect(taking.tally.messages == 3 && taking.tally.groups == 0 && taking.tally.refused == 2)
  }
}
