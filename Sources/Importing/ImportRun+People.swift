import ChatCore

extension ImportRun {
  mutating func take(users records: [Numbered<UserRecord>]) async throws(ImportStopped) {
    var wanted: [Numbered<ImportUser>] = []
    for record in records {
      if ids[record.value.key] != nil {
        refuse(record.line, Refusal("/key", "key is that of an earlier user."))
      } else if ids.count + wanted.count >= Self.usersMax {
        refuse(record.line, Refusal("/key", "A file has at most \(Self.usersMax) users."))
      } else {
        wanted.append(Numbered(line: record.line, value: command(record.value)))
      }
    }
    let ports = ports
    let attempts = await atOnce(wanted) { wanted in
      await patiently { () async throws(ChatError) in try await wanted.value.run(in: ports) }
    }
    for (wanted, attempt) in zip(wanted, attempts) {
      guard let (user, outcome) = try accept(attempt, of: wanted.line) else { continue }
      ids[wanted.value.key.key] = user.id
      accounts.put(user.id, user)
      count(outcome, wanted, as: user)
    }
  }

  private mutating func count(_ outcome: ImportUser.Outcome, _ wanted: Numbered<ImportUser>, as user: User) {
    switch outcome {
    case .made: tally.users += 1
    case .before: tally.before += 1
    case .ended:
      tally.before += 1
      return note(wanted.line, "/key: The account has ended: it is added to nothing; what was said by it goes in.")
    case .reused: tally.reused += 1
    }
    if !user.username.utf8.elementsEqual(wanted.value.username.utf8), outcome != .reused {
      tally.renamed += 1
      note(wanted.line, "/username: The user signs in as \(user.username).")
    }
    if outcome != .reused, let warning = Username.warning(about: user.username, ports.limits) {
      note(wanted.line, "/username: \(warning) He keeps it; nobody could take it here.")
    }
    if case .clear(let text) = wanted.value.password, text.utf8.count < ports.limits.passwordBytesMin {
      tally.shortPasswords += 1
    }
  }

  private func command(_ record: UserRecord) -> ImportUser {
    ImportUser(
      key: ImportKey(source: options.source, key: record.key), username: record.username,
      displayName: record.displayName, email: record.email, avatarURL: record.avatarURL,
      attributes: record.attributes, password: record.password, createdAt: record.createdAt,
      existing: record.existing ?? options.existing, mayRename: options.mayRename)
  }

  mutating func take(contacts records: [Numbered<ContactRecord>]) async throws(ImportStopped) {
    try await load(records.flatMap { [$0.value.of, $0.value.to] })
    var wanted: [Numbered<ImportContact>] = []
    for record in records {
      do throws(Refusal) {
        let command = ImportContact(
          user: try user(record.value.of, at: "of"), other: try user(record.value.to, at: "to"),
          state: record.value.state, isBlocked: record.value.isBlocked, since: record.value.since)
        wanted.append(Numbered(line: record.line, value: command))
      } catch {
        refuse(record.line, error)
      }
    }
    let ports = ports
    let attempts = await atOnce(wanted) { wanted in
      await patiently { () async throws(ChatError) in try await wanted.value.run(in: ports) }
    }
    for (wanted, attempt) in zip(wanted, attempts) where try accept(attempt, of: wanted.line) != nil {
      tally.contacts += 1
    }
  }

  mutating func take(groups records: [Numbered<GroupRecord>]) async throws(ImportStopped) {
    for record in records {
      try await load([record.value.owner] + record.value.members.map(\.user))
      let command: ImportGroup
      do throws(Refusal) {
        command = try self.command(record.value)
      } catch {
        refuse(record.line, error)
        continue
      }
      let ports = ports
      var attempt = await patiently { () async throws(ChatError) in try await command.run(in: ports) }
      if case .refused(.notFound(.user)) = attempt { attempt = try await takeLiving(of: command, record.line) }
      switch try accept(attempt, of: record.line) {
      case true: tally.groups += 1
      case false: tally.before += 1
      case nil: break
      }
    }
  }

  /// Makes a group, which is not there, without those of its members whose accounts have ended.
  private mutating func takeLiving(
    of whole: ImportGroup, _ line: Int
  ) async throws(ImportStopped) -> Attempt<Bool> {
    let there = Set(try await living([whole.owner.id] + whole.members.map { $0.user.id }).map(\.id))
    guard there.contains(whole.owner.id) else {
      let sentence = "The account of the owner has ended: name another."
      return .refused(.invalid([Fault(pointer: "/owner", code: "unknown_user", detail: sentence)]))
    }
    let members = whole.members.filter { there.contains($0.user.id) }
    let part = ImportGroup(
      key: whole.key, title: whole.title, picture: whole.picture, owner: whole.owner, members: members,
      createdAt: whole.createdAt)
    let ports = ports
    let attempt = await patiently { () async throws(ChatError) in try await part.run(in: ports) }
    if case .done(true) = attempt {
      let count = whole.members.count - members.count
      note(line, "/members: The accounts of \(count) have ended; the group is made without them.")
    }
    return attempt
  }

  private func command(_ record: GroupRecord) throws(Refusal) -> ImportGroup {
    var members: [(user: User, role: Role)] = []
    for (place, member) in record.members.enumerated() {
      members.append((try user(member.user, at: "members/\(place)/user"), member.role))
    }
    return ImportGroup(
      key: ImportKey(source: options.source, key: record.key), title: record.title, picture: record.picture,
      owner: try user(record.owner, at: "owner"), members: members, createdAt: record.createdAt)
  }

  // MARK: Who is meant

  /// Makes sure that the accounts of those keys are at hand, as far as they exist, and of those that have ended since
  /// what is left: what was said stays under its author's name.
  mutating func load(_ keys: [String]) async throws(ImportStopped) {
    let missing = Set(keys.compactMap { ids[$0] }.filter { accounts[$0] == nil }).sorted()
    for user in try await living(missing) { accounts.put(user.id, user) }
    let store = ports.store
    for id in missing where accounts[id] == nil {
      let attempt = await patiently { () async throws(ChatError) in try await store.endedAccount(id) }
      if let gone = try accept(attempt, of: nil) ?? nil { accounts.put(id, gone) }
    }
  }

  /// Those of the accounts that have not ended.
  private mutating func living(_ ids: [UserID]) async throws(ImportStopped) -> [User] {
    var found: [User] = []
    var start = 0
    while start < ids.count {
      let part = Array(ids[start..<min(start + ports.limits.membersPerRequestMax, ids.count)])
      start += part.count
      let store = ports.store
      let attempt = await patiently { () async throws(ChatError) in try await store.users(part) }
      found += try accept(attempt, of: nil) ?? []
    }
    return found
  }

  func user(_ key: String, at member: String) throws(Refusal) -> User {
    guard let user = ids[key].flatMap({ accounts[$0] }) else {
      throw Refusal("/\(member)", "No user of this file before this line has the key.")
    }
    return user
  }
}
