import ChatCore
import IORuntime
import Postgres

/// Where each conversation of a list stands.
extension PostgresConversations {
  /// Pauses, in milliseconds, after which what is listed and was not there is asked for once more, on a Citus. Its
  /// nodes are milliseconds apart; a third of a second is as long as somebody who comes back should wait, and others
  /// for his place, when his list names what never comes, as after nodes were restored from backups of different
  /// moments.
  static let commitPauses: [Int64] = [5, 10, 20, 40, 80, 160]

  /// The heads of those that are not deleted, and those that are; on a Citus also which of them lie on a node that is
  /// away.
  ///
  /// The nodes of a Citus commit a transaction each for itself, so that a list may name a conversation whose node has
  /// yet to do so. Left out, its new member would not hear of it: he follows his self conversation from behind his
  /// joining. On a plain server what is listed is there.
  ///
  /// - Source: Citus' transaction_management.c and remote_transaction.c (COMMIT PREPARED goes out after the commit of
  ///   the connected node, and what all nodes have of it is never seen at once: its issue 7366).
  func livingHeads(of ids: [ConversationID]) async throws(PostgresError) -> (
    heads: UserHeads, deleted: [ConversationID]
  ) {
    var heads = UserHeads(known: [:])
    var deleted: [ConversationID] = []
    var missing = ids
    for pause in [0] + Self.commitPauses {
      if pause > 0 { await pool.loop.sleep(pause) }
      let found = try await livingRows(of: missing)
      for (id, row) in found.rows {
        let id = ConversationID(rawValue: id)
        if let head = try row.optionalInt8(1) { heads.known[id] = head } else { deleted.append(id) }
      }
      heads.unavailable.formUnion(found.unavailable)
      missing.removeAll { found.rows[$0.rawValue] != nil || found.unavailable.contains($0) }
      guard !missing.isEmpty, await desk.isOnCitus() else { break }
    }
    return (heads, deleted)
  }

  private func livingRows(
    of ids: [ConversationID]
  ) async throws(PostgresError) -> (rows: [Int64: Row], unavailable: Set<ConversationID>) {
    let asked = ids.map { ScatterID(bucket: $0.bucket.number, id: $0.rawValue) }
    let found = try await desk.rowsByNode(Self.livingHeads, of: asked, placesFrom: pool)
    return (found.rows, Set(ids.filter { found.unavailable.contains($0.rawValue) }))
  }
}
