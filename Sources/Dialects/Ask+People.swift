import ChatCore

/// A user, and whether he is there as far as the caller may know it.
public struct Person: Sendable {
  /// Who.
  public let user: User
  /// Whether he is there.
  public let isOnline: Bool

  /// Says it of a user.
  public init(_ user: User, isOnline: Bool) {
    self.user = user
    self.isOnline = isOnline
  }
}

/// The caller and a contact as one row of the table that old servers had, which both saw alike.
public struct Acquaintance: Sendable {
  /// Who added or asked first.
  public let first: Person
  /// The other.
  public let second: Person
  /// What the other is to the caller.
  public let contact: Contact

  /// One number for the two, the same for both; ``Ask/contact(at:)`` reads it for each of them.
  ///
  /// No row has it here, so two other users may have the same one; nobody sees the rows of others.
  public var id: Int64 { first.user.id.rawValue ^ second.user.id.rawValue }
}

/// Users as the old servers showed them: whole, with whether they are there.
extension Ask {
  /// A user in the path.
  public func person(at place: Int) async throws -> Person {
    let user = try await run(ShowUser(user: user(at: place)))
    return Person(user, isOnline: try await online([user.id]).contains(user.id))
  }

  /// All users, of whom the caller is told that they are there when they are his contacts.
  ///
  /// - Limits: ``listMax``.
  public func everybody() async throws -> [Person] {
    let online = try await online(contacts().map(\.user))
    return try await all { try await run(ListUsers(after: $0, limit: $1)) }.map {
      Person($0, isOnline: online.contains($0.id))
    }
  }

  /// The caller's contacts as rows; those whose accounts are gone are left out.
  public func acquaintances() async throws -> [Acquaintance] { try await acquaintances(contacts()) }

  /// Makes the caller and another contacts of each other at once, with a conversation; whether they were not yet.
  public func befriend(_ user: UserID) async throws -> (row: Acquaintance?, isNew: Bool) {
    let isNew = try await contact(user) == nil
    // The conversation first: from then on each may know whether the other is there.
    _ = try await run(OpenDirectConversation(user: user))
    let contact = try await run(AddContact(user: user, mutual: true))
    return (try await acquaintances([contact]).first, isNew)
  }

  private func acquaintances(_ contacts: [Contact]) async throws -> [Acquaintance] {
    let me = try caller.user
    let users = try await run(ShowUsers(users: contacts.map(\.user) + [me]))
    let online = try await online(users.map(\.id))
    let people = Dictionary(
      users.map { ($0.id, Person($0, isOnline: online.contains($0.id))) }, uniquingKeysWith: { $1 })
    return contacts.compactMap { contact in
      guard let mine = people[me], let other = people[contact.user] else { return nil }
      let (first, second) = contact.isInitiator ? (mine, other) : (other, mine)
      return Acquaintance(first: first, second: second, contact: contact)
    }
  }

  /// The contact whose row's ``Acquaintance/id`` stands in the path.
  ///
  /// - Throws: `.notFound(.contact)` when it is no such number; whether he is a contact is not asked.
  public func contact(at place: Int) throws -> UserID {
    let me = try caller.user
    guard path.indices.contains(place), let id = Int64(path[place]), id > 0,
      let other = UserID(checking: id ^ me.rawValue)
    else { throw ChatError.notFound(.contact) }
    return other
  }

  /// What another is to the caller, if he is among his contacts.
  public func contact(_ user: UserID) async throws -> Contact? {
    do {
      let found = try await run(FindContact(user: user))
      return found.state == nil ? nil : found
    } catch ChatError.notFound(.contact) {
      return nil
    }
  }

  /// The contact whom a member names, if the caller may write to him: who may be told by ``tell(_:_:_:)``.
  ///
  /// - Throws: `.notFound(.user)`, `.notFound(.contact)`, and as `MayReach`.
  public func reachable(_ name: String) async throws -> User {
    let other = try await findUser(name, namesFirst: true)
    guard try await contact(other.id) != nil else { throw ChatError.notFound(.contact) }
    try await run(MayReach(user: other.id))
    return other
  }
}
