import ChatCore
import Testing

@Suite struct MembershipRulesTests {
  /// One line of the rules: kind, caller's role, subject's role (or `self`), what is asked, what comes.
  struct Row: Sendable, CustomStringConvertible {
    enum Subject { case himself, other(Role?) }
    let kind: ConversationKind
    let caller: Role?
    let subject: Subject
    let change: MembershipChange
    let outcome: Result<MembershipRules.Decision, ChatError>
    var members = 5
    var owners = 1

    init(
      _ kind: ConversationKind, _ caller: Role?, _ subject: Subject, _ change: MembershipChange,
      _ outcome: Result<MembershipRules.Decision, ChatError>, members: Int = 5, owners: Int = 1
    ) {
      self.owners = owners
      (self.kind, self.caller, self.subject, self.change) = (kind, caller, subject, change)
      (self.outcome, self.members) = (outcome, members)
    }

    var description: String { "\(kind) \(caller.map { "\($0)" } ?? "stranger") \(change) \(subject)" }
  }

  static let unseen = Result<MembershipRules.Decision, ChatError>.failure(.notFound(.conversation))
  static let tooLow = Result<MembershipRules.Decision, ChatError>.failure(.forbidden(.roleTooLow))
  static let wrongKind = Result<MembershipRules.Decision, ChatError>.failure(.forbidden(.wrongKind))
  static let noMember = Result<MembershipRules.Decision, ChatError>.failure(.notFound(.member))
  static let notMember = Result<MembershipRules.Decision, ChatError>.failure(.forbidden(.notAMember))
  static let lastOwner = Result<MembershipRules.Decision, ChatError>.failure(.forbidden(.lastOwner))

  static let joining: [Row] = [
    Row(.group, nil, .himself, .put(nil), unseen),
    Row(.group, nil, .other(.member), .put(nil), unseen),
    Row(.public, nil, .himself, .put(nil), .success(.join(.member))),
    Row(.public, nil, .himself, .put(.member), .success(.join(.member))),
    Row(.public, nil, .himself, .put(nil), .success(.join(.owner)), members: 0),
    Row(.public, nil, .himself, .put(.admin), tooLow),
    Row(.public, nil, .himself, .put(.owner), tooLow),
    Row(.public, nil, .other(nil), .put(nil), notMember),
    Row(.group, .member, .other(nil), .put(nil), tooLow),
    Row(.group, .admin, .other(nil), .put(nil), .success(.join(.member))),
    Row(.group, .admin, .other(nil), .put(.admin), tooLow),
    Row(.group, .admin, .other(nil), .put(.owner), tooLow),
    Row(.group, .owner, .other(nil), .put(.member), .success(.join(.member))),
    Row(.group, .owner, .other(nil), .put(.admin), .success(.join(.admin))),
    Row(.group, .owner, .other(nil), .put(.owner), noMember),
    Row(.group, .owner, .other(nil), .put(nil), .success(.join(.member)), members: 9),
    Row(.group, .owner, .other(nil), .put(nil), .failure(.conflict(.conversationFull)), members: 10),
  ]

  static let roles: [Row] = [
    Row(.group, .owner, .other(.member), .put(nil), .success(.nothing)),
    Row(.group, .owner, .other(.admin), .put(nil), .success(.nothing)),
    Row(.group, .owner, .other(.member), .put(.admin), .success(.change(.admin)), members: 10),
    Row(.group, .owner, .other(.admin), .put(.member), .success(.change(.member))),
    Row(.group, .owner, .other(.member), .put(.owner), .success(.passOwnership)),
    Row(.group, .owner, .himself, .put(.owner), .success(.nothing)),
    Row(.group, .owner, .himself, .put(nil), .success(.nothing)),
    Row(.group, .owner, .himself, .put(.member), lastOwner),
    Row(.group, .admin, .other(.member), .put(nil), .success(.nothing)),
    Row(.group, .admin, .other(.member), .put(.admin), tooLow),
    Row(.group, .admin, .other(.admin), .put(.member), tooLow),
    Row(.group, .admin, .other(.owner), .put(.member), tooLow),
    Row(.group, .admin, .himself, .put(.member), .success(.change(.member))),
    Row(.group, .admin, .himself, .put(.owner), tooLow),
    Row(.group, .member, .himself, .put(.admin), tooLow),
    Row(.group, .member, .himself, .put(nil), .success(.nothing)),
    Row(.group, .member, .other(.member), .put(.admin), tooLow),
    Row(.public, .member, .himself, .put(nil), .success(.nothing), members: 10),
  ]

  static let leaving: [Row] = [
    Row(.group, nil, .himself, .remove, unseen),
    Row(.group, .member, .himself, .remove, .success(.leave)),
    Row(.group, .admin, .himself, .remove, .success(.leave)),
    Row(.group, .owner, .himself, .remove, lastOwner),
    Row(.group, .owner, .himself, .remove, lastOwner, members: 2),
    Row(.group, .owner, .himself, .remove, .success(.leave), members: 1),
    Row(.public, nil, .himself, .remove, noMember),
    Row(.public, nil, .other(.member), .remove, notMember),
    Row(.group, .member, .other(.member), .remove, tooLow),
    Row(.group, .member, .other(nil), .remove, tooLow),
    Row(.group, .admin, .other(.member), .remove, .success(.leave)),
    Row(.group, .admin, .other(.admin), .remove, tooLow),
    Row(.group, .admin, .other(.owner), .remove, tooLow),
    Row(.group, .admin, .other(nil), .remove, noMember),
    Row(.group, .owner, .other(.admin), .remove, .success(.leave)),
    Row(.group, .owner, .other(nil), .remove, noMember),
  ]

  static let sharing: [Row] = [
    Row(.group, .owner, .other(.member), .share, .success(.change(.owner)), members: 10),
    Row(.group, .owner, .other(.admin), .share, .success(.change(.owner))),
    Row(.public, .owner, .other(.member), .share, .success(.change(.owner))),
    Row(.group, .owner, .other(.owner), .share, .success(.nothing), owners: 2),
    Row(.group, .owner, .himself, .share, .success(.nothing)),
    Row(.group, .owner, .other(nil), .share, noMember),
    Row(.group, .admin, .other(.member), .share, tooLow),
    Row(.group, .admin, .himself, .share, tooLow),
    Row(.group, .member, .other(.member), .share, tooLow),
    Row(.group, nil, .other(.member), .share, unseen),
    Row(.public, nil, .himself, .share, notMember),
    Row(.direct, .member, .other(.member), .share, wrongKind),
    Row(.group, .owner, .himself, .remove, .success(.leave), owners: 2),
    Row(.group, .owner, .himself, .put(.member), lastOwner, owners: 2),
    Row(.group, .owner, .other(.owner), .remove, .success(.leave), owners: 2),
  ]

  static let kinds: [Row] = [
    Row(.direct, .member, .other(nil), .put(nil), wrongKind),
    Row(.direct, .member, .himself, .remove, wrongKind),
    Row(.direct, .member, .other(.member), .remove, wrongKind),
    Row(.direct, nil, .himself, .put(nil), unseen),
    Row(.self, .owner, .other(nil), .put(nil), wrongKind),
    Row(.self, .owner, .himself, .remove, wrongKind),
    Row(.self, nil, .himself, .put(nil), unseen),
  ]

  @Test(arguments: joining + roles + leaving + sharing + kinds)
  func `who may make whom a member of what`(row: Row) {
    let subject: Role? =
      switch row.subject {
      case .himself: row.caller
      case .other(let role): role
      }
    var isSelf = false
    if case .himself = row.subject { isSelf = true }
    let situation = MembershipRules.Situation(
      kind: row.kind, caller: row.caller, subject: subject, isSelf: isSelf, memberCount: row.members, limit: 10,
      owners: row.owners)
    let outcome = Result { () throws(ChatError) in try MembershipRules.decide(row.change, in: situation) }
    #expect(outcome == row.outcome)
  }
}
