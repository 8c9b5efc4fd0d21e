import ChatCore
import JSONText

/// All rows of `/v1` and its documents; router and OpenAPI come from it.
public enum Catalog {
  /// The rows for these limits.
  ///
  /// - Parameters:
  ///   - asyncAPI: the document that describes the socket, as it is served; its rows are not known here.
  ///   - keys: the public keys as a JSON Web Key Set, read when asked for.
  public static func endpoints(
    _ limits: Limits, version: String, asyncAPI: [UInt8], keys: @escaping @Sendable () -> JSONValue
  ) -> [Endpoint] {
    let rows =
      Users.rows(limits) + PresenceOfUsers.rows(limits) + Sessions.rows(limits) + Conversations.rows(limits)
      + ConversationMembers.rows(limits) + Messages.rows(limits) + SentMessages.rows(limits) + ReadMarkers.rows
      + Contacts.rows(limits) + Blocks.rows(limits) + Files.rows(limits)
      + Documents.rows(limits, version: version, asyncAPI: asyncAPI, keys: keys)
    return rows + [Documents.openAPI(rows, version: version)]
  }
}
