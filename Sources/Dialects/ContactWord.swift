import ChatCore

/// A word for what another is to somebody, as the clients of the two UMOC servers write it: in any case and spelling.
public enum ContactWord: Sendable, Equatable {
  /// What the domain calls by that label.
  case label(ContactLabel)
  /// A block is taken back, and nothing else.
  case unblock

  /// Reads a word; nil when it is none.
  public init?(_ text: String) {
    let word = text.lowercased().filter { $0 != "_" && $0 != " " }
    switch word {
    case "friend": self = .label(.friend)
    case "new", "unfriend": self = .label(.new)
    case "blocked", "block": self = .label(.blocked)
    case "timeout": self = .label(.timeout)
    case "lastwords": self = .label(.lastWords)
    case "unblock", "unblocked": self = .unblock
    default: return nil
    }
  }
}

extension Ask {
  /// What another is to the caller; nil when he is nothing to him.
  public func contact(_ user: UserID) async throws -> Contact? {
    do { return try await run(FindContact(user: user)) } catch ChatError.notFound(.contact) { return nil }
  }

  /// Says by a word what another is to the caller.
  public func set(_ user: UserID, _ word: ContactWord) async throws {
    switch word {
    case .label(let label): _ = try await run(SetContactStatus(user: user, label: label))
    case .unblock: _ = try await run(UnblockUser(user: user))
    }
  }
}
