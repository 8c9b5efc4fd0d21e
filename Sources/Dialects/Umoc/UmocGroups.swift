import ChatCore
import HTTP1
import JSONText

/// Groups. Their admins are those who own them, so that each may do all that the first one may.
extension Umoc {
  static let groups: [Route] = [
    .on(.post, "/createGroup", .signedIn, .write) { ask in
      let (name, picture) = (try ask.require("group_name"), try ask.require("group_pic"))
      let members = try members(ask)
      try await checkName(name, ask)
      let made = try await ask.run(
        CreateConversation(kind: .group, title: name, picture: picture, members: members)
      ) { error in
        guard case .invalid(let faults) = error, faults.first?.pointer.hasPrefix("/members") == true else { return nil }
        return Refusal(400, "Group members not found.")
      }
      return .created(["success": "Group created successfully", "group_id": ask.voice.id(made.id)])
    },
    .on(.post, "/deleteGroup", .signedIn, .write) { ask in
      try await ask.run(DeleteConversation(conversation: group(ask)))
      return .created(["success": "Group deleted successfully"])
    },
    .on(.post, "/changeGroup", .signedIn, .write) { ask in
      let (id, value) = (try group(ask), try ask.require("new_value"))
      switch try ask.require("action", else: lacksAction).lowercased() {
      case "name":
        try await checkName(value, ask, of: id)
        _ = try await ask.run(UpdateConversation(conversation: id, title: value))
      case "picture": _ = try await ask.run(UpdateConversation(conversation: id, picture: value))
      case "admin":
        try await ask.run(ShareOwnership(conversation: id, user: ask.requireUser("new_value"))) {
          $0 == .notFound(.member) ? Refusal(400, "User not found") : nil
        }
      default: throw lacksAction
      }
      return .created(["success": "Group updated successfully"])
    },
    .on(.post, "/addMember", .signedIn, .write) { ask in
      let (id, member) = (try group(ask), try ask.requireUser("new_member_id"))
      let before = try await ask.run(ShowConversation(conversation: id)).members
      _ = try await ask.run(PutMember(conversation: id, user: member))
      guard !before.contains(where: { $0.user == member }) else {
        throw Refusal(409, "New member is already in the group")
      }
      return .created(["success": "Group updated successfully"])
    },
    .on(.post, "/removeMember", .signedIn, .write) { ask in
      let (id, member) = (try group(ask), try ask.requireUser("member_id", "new_member_id"))
      try await ask.run(RemoveMember(conversation: id, user: member))
      return .created(["success": "Member removed successfully", "group_id": ask.voice.id(id)])
    },
    .on(.post, "/leaveGroup", .signedIn, .write, leave), .on(.get, "/leaveGroup", .signedIn, .write, leave),
  ]

  private static let lacksAction = Refusal(400, "'action' is required. Valid values: name, picture, admin")

  private static let leave: @Sendable (Ask) async throws -> Answer = { ask in
    try await ask.run(RemoveMember(conversation: group(ask), user: ask.caller.user)) {
      let isNone = [.notFound(.conversation), .notFound(.member)].contains($0)
      return isNone ? Refusal(400, "User is not a member of the group") : nil
    }
    return .created(["success": "User left the group successfully"])
  }

  private static func group(_ ask: Ask) throws -> ConversationID {
    _ = try ask.require("group_id")
    guard let id = ask.conversationID("group_id") else { throw ChatError.notFound(.conversation) }
    return id
  }

  /// The list is counted as it came; who is named twice, or is the caller, counts.
  private static func members(_ ask: Ask) throws -> [UserID] {
    let value = ask.parameters["group_members"]
    guard value != nil, value != "" else { throw Refusal(400, "'group_members' are required") }
    guard let list = ask.parameters.list("group_members") else { throw Refusal(400, "Group members must be a list") }
    guard list.count <= 50 else { throw Refusal(400, "Group can have at most 50 members") }
    guard list.count >= 2 else { throw Refusal(400, "Group must have at least 2 members") }
    return try list.map { one in
      guard let user = ask.userID(in: one) else { throw Refusal(400, "Group members not found.") }
      return user
    }
  }

  /// A name is had once among the groups that one owns.
  private static func checkName(_ name: String, _ ask: Ask, of group: ConversationID? = nil) async throws {
    try check("Group name", name, 3...25)
    try await ask.count(.search)
    let found = try await ask.run(FindOwnConversation(title: name))
    guard found == nil || found == group else { throw Refusal(400, "Group name already exists") }
  }
}
