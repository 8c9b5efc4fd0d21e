import ChatCore
import Postgres

/// The messages of a page where libpq has them, in one or two answers; they live as long as this.
package struct StoredPage: MessageSource {
  /// An answer in the order of the statement that gave it.
  private struct Part {
    let rows: Rows
    let reader: RowReader
    let newestFirst: Bool

    func row(at place: Int) -> Int { row(at: place, of: rows.count) }

    /// The same for those who have asked how many there are.
    func row(at place: Int, of count: Int) -> Int { newestFirst ? count - 1 - place : place }
  }

  private let conversation: ConversationID
  private let failure: StoreFailure
  private let parts: [Part]

  package var count: Int { parts.reduce(0) { $0 + $1.rows.count } }

  /// The answers whose messages come one after the other; each says whether it begins with its newest.
  init(
    _ answers: [(rows: Rows, newestFirst: Bool)], in conversation: ConversationID, _ failure: StoreFailure
  ) throws(PostgresError) {
    self.conversation = conversation
    self.failure = failure
    parts = try answers.map { (answer) throws(PostgresError) in
      Part(
        rows: answer.rows, reader: try RowReader(answer.rows, EntryRows.typesOfMessage),
        newestFirst: answer.newestFirst)
    }
  }

  /// A page of one answer that begins with its newest, so that what reading it costs can be counted.
  package init(newestFirst rows: Rows, in conversation: ConversationID) throws(PostgresError) {
    try self.init([(rows, true)], in: conversation, StoreFailure(report: { _ in }))
  }

  package func seq(at place: Int) throws(ChatError) -> Int64 {
    try failure.reading { () throws(PostgresError) in
      let (part, row) = try find(place)
      return try part.rows[row].int8(0)
    }
  }

  package func message(at place: Int) throws(ChatError) -> Message {
    try failure.reading { () throws(PostgresError) in
      let (part, row) = try find(place)
      return try EntryRows.message(part.rows[row], in: conversation)
    }
  }

  package func lend(_ places: Range<Int>, to reader: MessageReader) throws(ChatError) {
    try failure.reading { () throws(PostgresError) in
      var start = 0
      for part in parts {
        let count = part.rows.count
        var row = part.reader
        for place in places.clamped(to: start..<start + count) {
          row.row = Int32(truncatingIfNeeded: part.row(at: place - start, of: count))
          try EntryRows.lend(row, in: conversation, to: reader)
        }
        start += count
      }
    }
  }

  private func find(_ place: Int) throws(PostgresError) -> (Part, Int) {
    var place = place
    for part in parts {
      if part.rows.indices.contains(place) { return (part, part.row(at: place)) }
      place -= part.rows.count
    }
    throw .unexpectedReply("no message there")
  }
}
