import ChatCore

extension AdapterContract {
  static let membership: [ContractCase] = [
    ContractCase("an added member is told in both logs, sees the history and may write") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      try await cast.say("before Eve", by: cast.bob, in: group.id)
      let (member, made) = try await stores.conversations.change(
        group.id, .put(nil), of: cast.eve, by: cast.ada, limit: 9)
      let eve = Member(user: cast.eve.id, username: cast.eve.username, role: .member)
      try expect(member, is: eve, "the membership")
      let entries = try required(made, "the entries")
      try expect(entries.map(\.conversation), is: [group.id, cast.eve.ownConversation], "where")
      try expect(entries.map(\.event), is: [.memberJoined(eve), .joined(group.id, seq: 3)], "what")
      try expect(entries.map(\.author.id), is: [cast.ada.id, cast.ada.id], "by whom")
      let seen = try await stores.conversations.conversation(group.id, for: cast.eve.id, members: 9)
      try expect(seen?.memberCount, is: 3, "Eve sees it")
      let heads = try await stores.conversations.heads(of: cast.eve.id).known
      try expect(heads[group.id], is: 3, "Eve's heads")
      try expect(try await cast.say("hello", by: cast.eve, in: group.id).message.seq, is: 4, "Eve's first message")
    },
    ContractCase("adding a member twice changes nothing") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let again = try await stores.conversations.change(group.id, .put(nil), of: cast.bob, by: cast.ada, limit: 2)
      try expect(again.made, is: nil, "the entries")
      try expect(again.member?.role, is: .member, "the membership")
      try expect(try await stores.log.heads(of: [group.id]), is: [group.id: 1], "the head")
    },
    ContractCase("a removed member is told in both logs and may neither see nor write") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let (member, made) = try await stores.conversations.change(
        group.id, .remove, of: cast.bob, by: cast.ada, limit: 9)
      try expect(member, is: nil, "the membership")
      let bob = Author(id: cast.bob.id, username: cast.bob.username)
      try expect(made?.map(\.event), is: [.memberLeft(bob), .left(group.id, seq: 2)], "the entries")
      try expect(made?.map(\.conversation), is: [group.id, cast.bob.ownConversation], "where")
      try expect(try await stores.conversations.heads(of: cast.bob.id).known[group.id], is: nil, "his heads")
      try await refused(.notFound(.conversation), "his writing") { () throws(ChatError) in
        try await cast.say("x", by: cast.bob, in: group.id)
      }
      let seen = try await stores.conversations.conversation(group.id, for: cast.bob.id, members: 9)
      try expect(seen, is: nil, "his seeing")
      let back = try await stores.conversations.change(group.id, .put(nil), of: cast.bob, by: cast.ada, limit: 9)
      try expect(back.made?.count, is: 2, "he can come back")
    },
    ContractCase("roles change by the owner, and ownership is passed with two entries") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let raised = try await stores.conversations.change(group.id, .put(.admin), of: cast.bob, by: cast.ada, limit: 9)
      try expect(raised.member?.role, is: .admin, "Bob's new role")
      try expect(raised.made?.map(\.seq), is: [2], "one entry")
      let passed = try await stores.conversations.change(group.id, .put(.owner), of: cast.bob, by: cast.ada, limit: 9)
      try expect(passed.member?.role, is: .owner, "Bob's newest role")
      let bob = Member(user: cast.bob.id, username: cast.bob.username, role: .owner)
      let ada = Member(user: cast.ada.id, username: cast.ada.username, role: .admin)
      try expect(passed.made?.map(\.event), is: [.memberChanged(bob), .memberChanged(ada)], "two entries")
      try expect(passed.made?.map(\.seq), is: [3, 4], "their places")
      let roles = try await stores.conversations.members(of: group.id, after: nil, limit: 9)
      try expect(Set(roles), is: [ada, bob], "what is remembered")
    },
    ContractCase("ownership is shared with one entry, and one of two owners may leave") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let shared = try await stores.conversations.change(group.id, .share, of: cast.bob, by: cast.ada, limit: 9)
      let bob = Member(user: cast.bob.id, username: cast.bob.username, role: .owner)
      try expect(shared.made?.map(\.event), is: [.memberChanged(bob)], "the entry")
      let members = try await stores.conversations.members(of: group.id, after: nil, limit: 9)
      try expect(members.map(\.role), is: [.owner, .owner], "the roles")
      let again = try await stores.conversations.change(group.id, .share, of: cast.bob, by: cast.ada, limit: 9)
      try expect(again.made, is: nil, "the second time")
      _ = try await stores.conversations.change(group.id, .remove, of: cast.ada, by: cast.ada, limit: 9)
      _ = try await stores.conversations.change(group.id, .put(nil), of: cast.eve, by: cast.bob, limit: 9)
      try await refused(.forbidden(.lastOwner), "the other leaves") { () throws(ChatError) in
        try await stores.conversations.change(group.id, .remove, of: cast.bob, by: cast.bob, limit: 9)
      }
    },
    ContractCase("the rules of membership hold in the transaction") { stores in
      let cast = try await Cast.gather(in: stores)
      let group = try await cast.group()
      let refusals: [(ChatError, MembershipChange, User, User, String)] = [
        (.forbidden(.roleTooLow), .put(nil), cast.eve, cast.bob, "a member adds"),
        (.notFound(.conversation), .put(nil), cast.eve, cast.eve, "a stranger joins a group"),
        (.forbidden(.lastOwner), .remove, cast.ada, cast.ada, "the owner leaves"),
        (.notFound(.member), .remove, cast.eve, cast.ada, "who is none is removed"),
        (.forbidden(.roleTooLow), .remove, cast.ada, cast.bob, "a member removes"),
      ]
      for (error, change, subject, caller, rule) in refusals {
        try await refused(error, rule) { () throws(ChatError) in
          try await stores.conversations.change(group.id, change, of: subject, by: caller, limit: 9)
        }
      }
      try await refused(.conflict(.conversationFull), "one past the limit") { () throws(ChatError) in
        try await stores.conversations.change(group.id, .put(nil), of: cast.eve, by: cast.ada, limit: 2)
      }
      let direct = try await cast.direct()
      try await refused(.forbidden(.wrongKind), "leaving a direct conversation") { () throws(ChatError) in
        try await stores.conversations.change(direct.id, .remove, of: cast.bob, by: cast.bob, limit: 9)
      }
      try expect(try await stores.log.heads(of: [group.id, direct.id]), is: [group.id: 1, direct.id: 1], "no entry")
    },
    ContractCase("anyone joins a public conversation and leaves it; the last owner may leave an empty one") { stores in
      let cast = try await Cast.gather(in: stores)
      let square = try await cast.square()
      try await refused(.forbidden(.notAMember), "writing before joining") { () throws(ChatError) in
        try await cast.say("x", by: cast.eve, in: square.id)
      }
      let joined = try await stores.conversations.change(square.id, .put(nil), of: cast.eve, by: cast.eve, limit: 9)
      try expect(joined.member?.role, is: .member, "the role")
      try await cast.say("hello", by: cast.eve, in: square.id)
      _ = try await stores.conversations.change(square.id, .remove, of: cast.eve, by: cast.eve, limit: 9)
      _ = try await stores.conversations.change(square.id, .remove, of: cast.ada, by: cast.ada, limit: 9)
      let empty = try await stores.conversations.conversation(square.id, for: cast.bob.id, members: 9)
      try expect(empty?.memberCount, is: 0, "empty, and still seen")
      let first = try await stores.conversations.change(square.id, .put(nil), of: cast.bob, by: cast.bob, limit: 9)
      try expect(first.member?.role, is: .owner, "the first to join an empty one owns it")
    },
  ]
}
