import ChatCore

extension User {
  /// His name and id.
  var author: Author { Author(id: id, username: username) }

  /// Bytes that he takes in a list, held and written.
  var heldBytes: Int {
    let texts = [username, displayName, email ?? "", avatarURL ?? ""].reduce(0) { $0 + $1.utf8.count }
    return attributes.reduce(Ask.elementBytes + texts) { $0 + $1.key.utf8.count + $1.value.utf8.count }
  }
}

extension FileLink {
  /// Bytes that it takes in a list, held and written.
  var heldBytes: Int { Ask.elementBytes + name.utf8.count + url.utf8.count }
}

extension Conversation {
  /// Bytes that it takes in a list, held and written; each of its members as much as an element.
  var heldBytes: Int {
    (1 + members.count) * Ask.elementBytes + (title?.utf8.count ?? 0) + (picture?.utf8.count ?? 0)
  }
}

extension Contact {
  /// The other's name and id.
  var author: Author { Author(id: user, username: username) }

  /// Bytes that it takes in a list, held and written.
  var heldBytes: Int { Ask.elementBytes + username.utf8.count }
}

extension Member {
  /// His name and id.
  var author: Author { Author(id: user, username: username) }
}

/// One of the caller's contacts with what lists show of him besides.
public struct Acquaintance: Sendable {
  /// What he is to the caller.
  public let contact: Contact
  /// Whether he is there, as far as the caller may know it.
  public let isOnline: Bool
  /// Where his picture is, if he has one.
  public let picture: String?
}

extension Ask {
  /// The caller's contacts, of all states.
  public func acquaintances() async throws -> [Acquaintance] {
    let contacts = try await contacts()
    let users = contacts.map(\.user)
    let (online, pictures) = (try await online(users), try await pictures(users))
    return contacts.map {
      Acquaintance(contact: $0, isOnline: online.contains($0.user), picture: pictures[$0.user])
    }
  }

  /// What most rows of `connect` do where clients are told who comes and goes: watches the caller's contacts.
  public func watchContacts() async throws { watch(try await contacts().map(\.author)) }
}
