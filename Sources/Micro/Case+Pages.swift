import ChatCore
import EntryText
import JSONText
import Postgres
import PostgresStore

/// A page of history on its way through a node.
extension Case {
  static var pages: [Case] {
    [
      Case(name: "history-page", unit: "50 messages of the store's answer are read, and written as REST shows them") {
        let room = Stage.entry(1).conversation
        let made = (1...Int64(50)).reversed().compactMap { seq -> [Parameter]? in
          if case .messageCreated(let message) = Stage.entry(seq).event { row(of: message) } else { nil }
        }
        guard let rows = Rows(made: made) else { throw Stage.NotSet() }
        return { count in
          for _ in 0..<count {
            var writer = JSONWriter(values: rows.count)
            writer.array { writer in
              try? MessageList(StoredPage(newestFirst: rows, in: room)).read {
                EntryText.write($0, username: $1, text: $2, clientMessageID: $3, to: &writer)
              }
            }
            keep(writer.finish())
          }
        }
      }
    ]
  }

  /// In the order of ``EntryRows/columnsOfMessage``.
  private static func row(of message: Message) -> [Parameter] {
    [
      .int8(message.seq), .int8(message.id.rawValue), .int8(message.sender.id.rawValue),
      .text(message.sender.username), .time(message.createdAt.milliseconds), .text(message.clientMessageID),
      .text(message.text), .bytes(nil),
    ]
  }
}
