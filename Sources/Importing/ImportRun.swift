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
  /// Why the conversations of some who write to each other in this batch could not be opened.
  var unopened: [ContactPair: Refusal] = [:]
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
    var row = Row()
    for line in lines where !isOver {
      tally.lines += 1
      let record: Record
      do throws(Refusal) {
        record = try Record(line)
      } catch {
        refuse(line.number, error)
        continue
      }
      if !row.add(record, of: line.number) {
        try await takeRow(&row)
        _ = row.add(record, of: line.number)
      }
      // So that nothing stands beside the first that is refused.
      if options.isStrict { try await takeRow(&row) }
    }
    try await takeRow(&row)
    return !isOver
  }

  /// Whether nothing more is to go in.
  private var isOver: Bool { options.isStrict && tally.refused > 0 }

  private mutating func takeRow(_ row: inout Row) async throws(ImportStopped) {
    let taken = row
    row = Row()
    try await take(users: taken.users)
    try await take(contacts: taken.contacts)
    try await take(groups: taken.groups)
    try await take(messages: taken.messages)
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
private struct Row {
  var users: [ImportRun.Numbered<UserRecord>] = []
  var contacts: [ImportRun.Numbered<ContactRecord>] = []
  var groups: [ImportRun.Numbered<GroupRecord>] = []
  var messages: [ImportRun.Numbered<MessageRecord>] = []
  /// Of two users with one key or name the first has it, so they are not registered at once; nor are two records of the
  /// same pair taken at once.
  private var taken: Set<[String]> = []

  /// Adds a record; false when it is to begin another row.
  mutating func add(_ record: Record, of line: Int) -> Bool {
    switch record {
    case .user(let user):
      guard contacts.isEmpty, groups.isEmpty, messages.isEmpty, taken.insert(["key", user.key]).inserted,
        taken.insert(["name", Username.key(of: user.username)]).inserted
      else { return false }
      users.append(.init(line: line, value: user))
    case .contact(let contact):
      guard users.isEmpty, groups.isEmpty, messages.isEmpty, taken.insert([contact.of, contact.to].sorted()).inserted
      else { return false }
      contacts.append(.init(line: line, value: contact))
    case .group(let group):
      guard users.isEmpty, contacts.isEmpty, messages.isEmpty else { return false }
      groups.append(.init(line: line, value: group))
    case .message(let message):
      guard users.isEmpty, contacts.isEmpty, groups.isEmpty else { return false }
      messages.append(.init(line: line, value: message))
    }
    return true
  }
}
