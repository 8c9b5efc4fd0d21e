import ChatCore
import JSONText

/// A user, and whether he is there as far as the caller may know it; whatever is known of the user is known of him.
@dynamicMemberLookup
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

  /// What is known of the user.
  public subscript<Value>(dynamicMember member: KeyPath<User, Value>) -> Value { user[keyPath: member] }
}

/// The caller and a contact as one row of the table that old servers had, which both saw alike.
public struct ContactRow: Sendable {
  /// Who added or asked first.
  public let first: Person
  /// The other.
  public let second: Person
  /// What the other is to the caller.
  public let contact: Contact

  /// One number for the two, the same for both; ``Ask/endContact(at:)`` reads it for each of them.
  ///
  /// No row has it here, so two other users may have the same one; nobody sees the rows of others.
  public var id: Int64 { first.user.id.rawValue ^ second.user.id.rawValue }
}

/// Users as the old servers showed them: whole, with whether they are there.
extension Ask {
  /// Who asks; so he is there.
  public var myself: Person { get async throws { Person(try await run(ShowMe()), isOnline: true) } }

  /// A user as he is written, to himself with his contacts.
  public func whole(_ person: Person) async throws -> JSONValue {
    voice.user(person, own: try person.id == caller.user ? try await contactRows() : nil)
  }

  /// A user in the path.
  public func person(at place: Int) async throws -> Person {
    let user = try await run(ShowUser(user: user(at: place)))
    return Person(user, isOnline: try await online([user.id]).contains(user.id))
  }

  /// All users, of whom the caller is told that they are there when they are his contacts.
  ///
  /// - Limits: ``listMax``.
  public func everybody() async throws -> [Person] {
    let online = try await online(contacts().map(\.user)).union([caller.user])
    return try await all(weight: \.heldBytes) { try await run(ListUsers(after: $0, limit: $1)) }.map {
      Person($0, isOnline: online.contains($0.id))
    }
  }

  /// The caller's contacts as rows; those whose accounts are gone are left out.
  public func contactRows() async throws -> [ContactRow] { try await contactRows(contacts()) }

  /// Makes the caller and the user whom a member names contacts of each other at once, with a conversation; 201 with
  /// the row, or 200 when they were. Who says that another does it is refused.
  ///
  /// - Throws: `.forbidden(.notTheOwner)`, and as `AddContact`.
  public func befriend(_ name: String, by adder: String) async throws -> Answer {
    guard try isMine(adder) else { throw ChatError.forbidden(.notTheOwner) }
    let user = try requireUser(name)
    let isNew = try await listed(user) == nil
    // The conversation first: from then on each may know whether the other is there.
    _ = try await run(OpenDirectConversation(user: user))
    let contact = try await run(AddContact(user: user, mutual: true))
    guard let row = try await contactRows([contact]).first else { throw ChatError.notFound(.user) }
    return Answer(isNew ? 201 : 200, .json(voice.contact(row)))
  }

  /// Ends what two are to each other, for both, by the ``ContactRow/id`` that stands in the path.
  ///
  /// - Throws: `.notFound(.contact)` for whatever is none of the caller's.
  public func endContact(at place: Int) async throws {
    do {
      _ = try await run(RemoveContact(user: contact(at: place), mutual: true))
    } catch ChatError.notFound(.user) {
      throw ChatError.notFound(.contact)
    }
  }

  private func contactRows(_ contacts: [Contact]) async throws -> [ContactRow] {
    let me = try caller.user
    let users = try await run(ShowUsers(users: contacts.map(\.user) + [me]))
    let online = try await online(users.map(\.id))
    let people = Dictionary(
      users.map { ($0.id, Person($0, isOnline: online.contains($0.id))) }, uniquingKeysWith: { $1 })
    return contacts.compactMap { contact in
      guard let mine = people[me], let other = people[contact.user] else { return nil }
      let (first, second) = contact.isInitiator ? (mine, other) : (other, mine)
      return ContactRow(first: first, second: second, contact: contact)
    }
  }

  /// The contact whose row's ``ContactRow/id`` stands in the path.
  ///
  /// - Throws: `.notFound(.contact)` when it is no such number; whether he is a contact is not asked.
  func contact(at place: Int) throws -> UserID {
    let me = try caller.user
    guard path.indices.contains(place), let id = Int64(path[place]), id > 0,
      let other = UserID(checking: id ^ me.rawValue)
    else { throw ChatError.notFound(.contact) }
    return other
  }

  /// What another is to the caller, if he is among his contacts.
  func listed(_ user: UserID) async throws -> Contact? {
    guard let found = try await contact(user), found.state != nil else { return nil }
    return found
  }
}

/// What a client tells a contact that is no event of the domain.
extension Ask {
  /// The event by which a client says who it is: its user's name in a member, once that is proven. From then on it is
  /// told when his contacts come and go.
  ///
  /// - Throws: ``Refusal`` as to who is not signed in, after 10 s without a proof, and for another's name.
  public func introduce(_ name: String) async throws -> [Words] {
    guard await proof() != nil, parameters.text(name) == (try await me.username) else {
      throw mount.credential(.missing, word)
    }
    try await watchContacts()
    return []
  }

  /// Passes members on as they were brought, with the caller's name as `sender`, to the contact whom a member names;
  /// nothing when the first of them was not brought. Who brings another's name is refused.
  ///
  /// - Parameter isText: whether the object goes as a text of JSON, and this client is told too.
  public func pass(
    _ event: String, _ members: [String], to contact: String, by sender: String, isText: Bool = false
  ) async throws -> [Words] {
    guard let first = members.first, parameters.has(first) else { return [] }
    let mine = try await me.username
    guard (parameters.text(sender) ?? mine) == mine else { throw mount.credential(.invalid, word) }
    var object: JSONObject = [sender: .string(mine)]
    for name in members { object[name] = .text(parameters.text(name)) }
    let told = JSONValue.object(object)
    return try await tell(Words(event, isText ? .string(told.text) : told), contact: contact, isEchoed: isText)
  }

  /// Tells the contact whom a member names, on all his devices, and this client too where it is echoed.
  ///
  /// - Throws: `.notFound(.user)`, `.notFound(.contact)`; as `MayReach`, so that a block holds; `.tooLarge`.
  public func tell(_ words: Words, contact name: String, isEchoed: Bool = false) async throws -> [Words] {
    let other = try await findUser(name, namesFirst: true)
    guard try await listed(other.id) != nil else { throw ChatError.notFound(.contact) }
    try await run(MayReach(user: other.id, isMessage: false))
    guard tell(words, .user(other.id)) else { throw ChatError.tooLarge(limit: Relay.bytesMax) }
    return isEchoed ? [words] : []
  }
}

extension Action {
  /// A row that passes members on to a contact: ``Ask/pass(_:_:to:by:isText:)``.
  public static func pass(
    _ name: String, _ members: [String], to contact: String, by sender: String, isText: Bool = false,
    mayBeLost: Bool = false
  ) -> Action {
    on(name, .signedIn, mayBeLost ? .read : .write, mayBeLost: mayBeLost) { ask in
      try await ask.pass(name, members, to: contact, by: sender, isText: isText)
    }
  }
}
