import ChatCore

extension AdapterContract {
  static let replay: [ContractCase] = [
    ContractCase("whatever is asked of a group's members, its log and theirs retell what came of it") { stores in
      try await story(.group, in: stores, seed: .random(in: .min ... .max))
    },
    ContractCase("whatever is asked of a public conversation's members, its log and theirs retell it") { stores in
      try await story(.public, in: stores, seed: .random(in: .min ... .max))
    },
  ]

  /// Random people ask for random changes; then the logs are read as a client would read them.
  private static func story(_ kind: ConversationKind, in stores: StoresUnderTest, seed: UInt64) async throws {
    var dice = SeededDice(seed: seed)
    let cast = try await Cast.gather(in: stores)
    let people = [cast.ada, cast.bob, cast.eve, try await cast.extra("zoe"), try await cast.extra("max")]
    let (room, _) = try await stores.conversations.create(kind, title: "Room", owner: cast.ada, members: [cast.bob])
    let changes: [MembershipChange] = [
      .put(nil), .put(nil), .put(.member), .put(.admin), .put(.admin), .put(.owner), .remove,
    ]
    var done = 0
    for _ in 1...80 {
      guard let subject = people.randomElement(using: &dice), let caller = people.randomElement(using: &dice),
        let change = changes.randomElement(using: &dice)
      else { continue }
      do {
        let made = try await stores.conversations.change(room.id, change, of: subject, by: caller, limit: 4).made
        if made != nil { done += 1 }
      } catch .forbidden, .notFound, .conflict {
        // Most of what is asked at random is refused, and must leave no trace.
      }
    }
    try await expectRetold(room.id, people: people, in: stores, story: "\(kind) story of seed \(seed)")
    try expect(done > 0, "something was done in the story of seed \(seed)")
  }

  private static func expectRetold(
    _ room: ConversationID, people: [User], in stores: StoresUnderTest, story: String
  ) async throws {
    let log = try await stores.log.entries(of: room, after: 0, limit: 1000)
    try expect(log.map(\.seq), is: Array(1...Int64(log.count)), "no holes in the \(story)")
    let members = try await stores.conversations.members(of: room, after: nil, limit: 1000)
    try expect(Set(replayed(log).values), is: Set(members), "the members of the \(story)")
    let owners = members.filter { $0.role == .owner }.count
    try expect(owners, is: members.isEmpty ? 0 : 1, "the owners in the \(story)")
    try expect(members.count <= 4, "the limit in the \(story)")
    for user in people {
      let own = try await stores.log.entries(of: user.ownConversation, after: 1, limit: 1000)
      let isMember = try ownHistory(of: user, own, room, log: log, story: story)
      try expect(isMember, is: members.contains { $0.user == user.id }, "\(user.username)'s own log in the \(story)")
    }
  }

  /// The members, as somebody knows them who has read nothing but the log.
  private static func replayed(_ log: [Entry]) -> [UserID: Member] {
    var members: [UserID: Member] = [:]
    for entry in log {
      switch entry.event {
      case .conversationCreated(let made): for member in made.members { members[member.user] = member }
      case .memberJoined(let member), .memberChanged(let member): members[member.user] = member
      case .memberLeft(let author): members[author.id] = nil
      default: break
      }
    }
    return members
  }

  /// Whether he is a member, as he knows who has read nothing but his own log; coming and going take turns.
  private static func ownHistory(
    of user: User, _ own: [Entry], _ room: ConversationID, log: [Entry], story: String
  ) throws -> Bool {
    var isMember = false
    for entry in own {
      switch entry.event {
      case .joined(room, let seq):
        try expect(!isMember, "\(user.username) joins once in the \(story)")
        isMember = true
        let said = log.first { $0.seq == seq }?.event
        guard case .memberJoined(let member) = said else {
          try expect(seq == 1, "joined names the entry that says so in the \(story)")
          continue
        }
        try expect(member.user, is: user.id, "who joined in the \(story)")
      case .left(room, let seq):
        try expect(isMember, "\(user.username) leaves once in the \(story)")
        isMember = false
        let author = Author(id: user.id, username: user.username)
        try expect(log.first { $0.seq == seq }?.event, is: .memberLeft(author), "left names the entry in the \(story)")
      default:
        throw ContractBroken("\(entry.event.name) in the own log of the \(story)")
      }
    }
    return isMember
  }
}
