import ChatCore
import JSONText

/// The domain's values as JSON: as our own wires show them, and as the broker and the store keep them.
///
/// Every function writes one value where the writer stands. What the wires show is described in design.md, section 6,
/// "Shapes that others already build on"; members may be added, never taken away.
public enum EntryText {
  /// Writes who did something: `{"id", "username"}`.
  public static func write(_ author: Author, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", author.id.rawValue)
      writer.member("username", author.username)
    }
  }

  /// Writes a membership: `{"user", "username", "role", "read_seq"}`.
  public static func write(_ member: Member, to writer: inout JSONWriter) {
    writer.object { writer in
      writeMembers(of: member, to: &writer)
      writer.member("read_seq", member.readSeq)
    }
  }

  private static func writeMembers(of member: Member, to writer: inout JSONWriter) {
    writer.member("user", member.user.rawValue)
    writer.member("username", member.username)
    writer.member("role", member.role.rawValue)
  }

  /// Writes a conversation: `{"id", "kind", "title", "picture_url", "head", "created_at", "member_count", "read_seq",
  /// "members": [member]}`.
  public static func write(_ conversation: Conversation, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", conversation.id.rawValue)
      writer.member("kind", conversation.kind.rawValue)
      writer.member("title", conversation.title)
      writer.member("picture_url", conversation.picture)
      writer.member("head", conversation.head)
      writer.member("created_at", conversation.createdAt)
      writer.member("member_count", conversation.memberCount)
      writer.member("read_seq", conversation.readSeq)
      writer.key("members")
      writer.array { writer in
        for member in conversation.members { write(member, to: &writer) }
      }
    }
  }

  /// Writes a user as others see him: `{"id", "username", "display_name", "created_at", "avatar_url"}`.
  public static func write(_ user: User, to writer: inout JSONWriter) {
    writer.object { writer in writeMembers(of: user, to: &writer) }
  }

  /// Writes a user as he sees himself: with `email`, `self_conversation` and `attributes`.
  public static func write(own user: User, to writer: inout JSONWriter) {
    writer.object { writer in
      writeMembers(of: user, to: &writer)
      writer.member("email", user.email)
      writer.member("self_conversation", user.ownConversation.rawValue)
      writer.key("attributes")
      write(user.attributes, to: &writer)
    }
  }

  private static func writeMembers(of user: User, to writer: inout JSONWriter) {
    writer.member("id", user.id.rawValue)
    writer.member("username", user.username)
    writer.member("display_name", user.displayName)
    writer.member("created_at", user.createdAt)
    writer.member("avatar_url", user.avatarURL)
  }

  /// Writes a user's attributes, as wires and stores have them: `{"fname": "Ada"}`, by name.
  public static func write(_ attributes: [String: String], to writer: inout JSONWriter) {
    writer.object { writer in
      for (name, value) in attributes.sorted(by: { $0.key < $1.key }) {
        writer.key(named: name)
        writer.string(value)
      }
    }
  }

  /// Writes whether a user is there: `{"user", "status", "last_seen_at"}`.
  public static func write(_ presence: Presence, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("user", presence.user.rawValue)
      writer.member("status", presence.status.rawValue)
      writer.member("last_seen_at", presence.lastSeenAt)
    }
  }

  /// Writes a sign-in session: `{"id", "device", "created_at", "last_seen_at", "current"}`.
  public static func write(_ session: Session, current: SessionID, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("id", session.id.rawValue)
      writer.member("device", session.device)
      writer.member("created_at", session.createdAt)
      writer.member("last_seen_at", session.lastSeenAt)
      writer.member("current", session.id == current)
    }
  }

  /// Writes an entry as the sockets show it: `{"t", "conv", "seq", "d"}`.
  public static func write(_ entry: Entry, to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("t", entry.event.name)
      writer.member("conv", entry.conversation.rawValue)
      writer.member("seq", entry.seq)
      writer.key("d")
      writeData(of: entry, to: &writer)
    }
  }

  /// Writes the `d` of an entry.
  private static func writeData(of entry: Entry, to writer: inout JSONWriter) {
    switch entry.event {
    case .conversationCreated(let conversation):
      write(conversation, to: &writer)
    case .messageCreated(let message), .messageEdited(let message), .messageDeleted(let message):
      write(message, to: &writer)
    case .conversationUpdated(let title, let picture):
      writeAct(of: entry, to: &writer) { writer in
        writer.member("title", title)
        writer.member("picture_url", picture)
      }
    case .conversationDeleted:
      writeAct(of: entry, to: &writer) { _ in }
    case .reactionAdded(let message, let seq, let emoji, let count),
      .reactionRemoved(let message, let seq, let emoji, let count):
      writeAct(of: entry, to: &writer) { writer in
        writer.member("message", message.rawValue)
        writer.member("message_seq", seq)
        writer.member("emoji", emoji)
        writer.member("count", count)
      }
    case .memberJoined(let member), .memberChanged(let member):
      writeAct(of: entry, to: &writer) { writeMembers(of: member, to: &$0) }
    case .memberLeft(let author):
      writeAct(of: entry, to: &writer) { writer in
        writer.member("user", author.id.rawValue)
        writer.member("username", author.username)
      }
    case .joined(let conversation, let seq), .left(let conversation, let seq):
      writeAct(of: entry, to: &writer) { writer in
        writer.member("conversation", conversation.rawValue)
        writer.member("seq", seq)
      }
    case .contactChanged(let contact):
      writeAct(of: entry, to: &writer, at: "changed_at") { writeMembers(of: contact, to: &$0) }
    case .blockChanged(let author, let isBlocked):
      writeAct(of: entry, to: &writer) { writer in
        writer.member("user", author.id.rawValue)
        writer.member("username", author.username)
        writer.member("blocked", isBlocked)
      }
    case .unknown(let code):
      writeAct(of: entry, to: &writer) { $0.member("kind", Int64(code)) }
    }
  }

  /// Writes an object that ends with who did it and when.
  private static func writeAct(
    of entry: Entry, to writer: inout JSONWriter, at moment: StaticString = "created_at",
    _ body: (inout JSONWriter) -> Void
  ) {
    writer.object { writer in
      body(&writer)
      writer.key("by")
      write(entry.author, to: &writer)
      writer.member(moment, entry.createdAt)
    }
  }
}

extension JSONWriter {
  /// Writes a member whose value is a moment, as RFC 3339 has it; `null` if there is none.
  mutating func member(_ name: StaticString, _ moment: Timestamp?) {
    guard let moment else { return member(name, nil as String?) }
    let ascii = moment.rfc3339ASCII
    member(name, utf8: ascii.span)
  }
}
