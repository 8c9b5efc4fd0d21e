import ChatCore
import HTTP1
import JSONText

/// A request that has passed the row's checks: what its handler needs.
public struct Call: Sendable {
  /// The domain.
  public let chat: Chat
  /// Who asks; only rows that are open have none.
  private let signedIn: Caller?
  /// The values of the path's parameters.
  private let path: PathParameters
  /// The query's parameters, of the row's shape.
  public let query: Members
  /// The body's members, of the row's shape.
  public let body: Members
  /// The header fields that the row reads, of its shape.
  public let headers: Members
  /// All header fields; rows that serve files read ranges and conditions there.
  let fields: HeaderFields
  /// The body of a row that takes a file.
  let upload: Upload

  init(
    chat: Chat, caller: Caller?, path: PathParameters, query: Members, headers: Members, body: Members,
    fields: HeaderFields, upload: Upload
  ) {
    self.fields = fields
    self.upload = upload
    self.chat = chat
    self.signedIn = caller
    self.path = path
    self.query = query
    self.body = body
    self.headers = headers
  }

  /// Who asks.
  ///
  /// - Throws: `.unauthenticated` in a row that is open, which would be our own mistake.
  public func caller() throws(ChatError) -> Caller {
    guard let signedIn else { throw .unauthenticated(.invalidToken) }
    return signedIn
  }

  /// A path parameter as an id; what could be nobody's id is not found.
  public func id<ID: BucketedID>(_ name: String, _ noun: ChatError.Noun) throws(ChatError) -> ID {
    guard let text = path[name], let id: ID = Call.id(text) else { throw .notFound(noun) }
    return id
  }

  /// A path parameter as it stands there, decoded.
  func text(_ name: String) -> String { path[name] ?? "" }

  /// Whether a path parameter says `me`.
  public func isOwn(_ name: String) -> Bool { path[name] == "me" }

  /// A path parameter as a user; `me` is the caller.
  public func user(_ name: String = "user") throws(ChatError) -> UserID {
    if isOwn(name) { return try caller().user }
    return try id(name, .user)
  }

  /// Digits only, without leading zeros or a sign, so that each thing has one URL.
  static func id<ID: BucketedID>(_ text: String) -> ID? {
    guard !text.isEmpty, text.utf8.count <= 16, text.utf8.first != UInt8(ascii: "0"),
      text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int64(text).flatMap { ID(checking: $0) }
  }

  /// A member of the body that names a user or another thing; the shape has checked its range.
  public func bodyID<ID: BucketedID>(_ name: String) throws(ChatError) -> ID {
    guard let value = body.integer(name), let id = ID(checking: value) else {
      throw .invalid([ChatCore.Fault(pointer: "/" + name, code: "out_of_range", detail: "\"\(name)\" must be an id.")])
    }
    return id
  }
}

/// A body that is a file, or a form that holds one.
struct Upload: Sendable {
  /// What the client says that it is.
  let type: MediaType?
  /// Its bytes.
  let body: [UInt8]

  static let none = Upload(type: nil, body: [])
}
