import ChatCore

/// Takes over a file: batch by batch, of each batch what is of one kind and in a row together.
///
/// A sample, with a reader of the file:
///
///     var run = ImportRun(ports: ports, options: ImportOptions()) { complaint in … }
///     while try await run.take(reader.next(ImportRun.batchLinesMax, bytesMax: ImportRun.batchBytesMax)) {}
///     run.tally.sentence
///
/// - Limits: what it remembers is bounded: ``usersMax`` keys, the messages and accounts of late.
/// - Errors: a line that is wrong is told and counted, and does not go in. ``ImportStopped`` ends everything.
public struct ImportRun: Sendable {
  /// Lines of a batch: a transaction of messages then takes milliseconds, so that nobody waits for its locks.
  public static let batchLinesMax = 256
  /// Bytes of a batch, past which no further line is read: a transaction stays below a megabyte or two.
  public static let batchBytesMax = 1 << 20
  /// Users of one file: their keys are held, at 100 bytes or so each. More are imported in several files.
  public static let usersMax = 4_000_000
  /// How far back, in messages, an answer may reach: keys of that many are held.
  public static let repliesMax = 131_072
  /// How long a database that is away is waited for, in milliseconds: a restart of it.
  static let patienceMax: Milliseconds = 30_000
  /// Transactions under way at once: those of users, contacts and new conversations wait for one another's commits.
  static let atOnceMax = 8

  let ports: ImportPorts
  let options: ImportOptions
  /// Told of each line that is refused or changed.
  let tell: @Sendable (String) -> Void
  /// What has become of the lines.
  public internal(set) var tally = ImportTally()
  var ids: [String: UserID] = [:]
  var accounts = RecentMap<UserID, User>(generationMax: 8_192)
  var directs = RecentMap<ContactPair, ConversationID>(generationMax: 65_536)
  var said = RecentMap<String, Said>(generationMax: ImportRun.repliesMax)
  private var complaints: [(line: Int, sentence: String)] = []

  /// Where a message went.
  struct Said: Sendable {
    let conversation: ConversationID
    let id: EntryID
  }

  /// A record and the number of its line.
  struct Numbered<Value: Sendable>: Sendable {
    let line: Int
    let value: Value
  }

  /// Begins.
  public init(ports: ImportPorts, options: ImportOptions, tell: @escaping @Sendable (String) -> Void) {
    self.ports = ports
    self.options = options
    self.tell = tell
  }

  /// Takes the next lines; false when there were none, or one was refused and the options are strict.
  ///
  /// - Throws: ``ImportStopped`` when the database is away for long or something is our mistake.
  public mutating func take(_ lines: [LineReader.Line]) async throws(ImportStopped) -> Bool {
    guard !lines.isEmpty else { return false }
    defer { complain() }
    var row = Row.empty
    for line in lines where !isOver {
      tally.lines += 1
      let record: Record
      do throws(Refusal) {
        record = try Record(line)
      } catch {
        refuse(line.number, error)
        continue
      }
      if row.add(record, of: line.number) { continue }
      try await takeRow(&row)
      if !isOver { _ = row.add(record, of: line.number) }
    }
    try await takeRow(&row)
    return !isOver
  }

  /// Whether nothing more is to go in.
  private var isOver: Bool { options.isStrict && tally.refused > 0 }

  private mutating func takeRow(_ row: inout Row) async throws(ImportStopped) {
    let taken = row
    row = .empty
    switch taken {
    case .empty: break
    case .users(let records): try await take(users: records)
    case .contacts(let records): try await take(contacts: records)
    case .groups(let records): try await take(groups: records)
    case .messages(let records): try await take(messages: records)
    }
  }

  // MARK: Complaints

  mutating func refuse(_ line: Int, _ refusal: Refusal) {
    tally.refused += 1
    complaints.append((line, refusal.sentence))
  }

  mutating func note(_ line: Int, _ sentence: String) { complaints.append((line, sentence)) }

  /// Those of a batch, in the order of its lines.
  private mutating func complain() {
    for (line, sentence) in complaints.sorted(by: { $0.line < $1.line }) { tell("line \(line): \(sentence)") }
    complaints = []
  }
}

/// Records of one kind that follow each other and do not depend on each other.
private enum Row {
  typealias Numbered = ImportRun.Numbered

  case empty
  case users([Numbered<UserRecord>])
  case contacts([Numbered<ContactRecord>])
  case groups([Numbered<GroupRecord>])
  case messages([Numbered<MessageRecord>])

  /// Adds a record; false when it is to begin another row.
  mutating func add(_ record: Record, of line: Int) -> Bool {
    switch (self, record) {
    case (.empty, .user(let user)): self = .users([Numbered(line: line, value: user)])
    case (.empty, .contact(let contact)): self = .contacts([Numbered(line: line, value: contact)])
    case (.empty, .group(let group)): self = .groups([Numbered(line: line, value: group)])
    case (.empty, .message(let message)): self = .messages([Numbered(line: line, value: message)])
    case (.users(let users), .user(let user)):
      // Of two with one name the first has it, so they are not registered at once.
      let key = Username.key(of: user.username)
      if users.contains(where: { $0.value.key == user.key || Username.key(of: $0.value.username) == key }) {
        return false
      }
      self = .users(users + [Numbered(line: line, value: user)])
    case (.contacts(let contacts), .contact(let contact)):
      let pair: Set = [contact.of, contact.to]
      if contacts.contains(where: { Set([$0.value.of, $0.value.to]) == pair }) { return false }
      self = .contacts(contacts + [Numbered(line: line, value: contact)])
    case (.groups(let groups), .group(let group)): self = .groups(groups + [Numbered(line: line, value: group)])
    case (.messages(let messages), .message(let message)):
      self = .messages(messages + [Numbered(line: line, value: message)])
    default: return false
    }
    return true
  }
}
