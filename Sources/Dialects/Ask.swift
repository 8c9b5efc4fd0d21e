import ChatCore
import HTTP1
import JSONText
import Tokens

/// One request or action as its row sees it: what was brought, by whom, and the doors to the domain.
public struct Ask: Sendable {
  let mount: Mount
  /// The domain, as the row reaches it.
  let chat: Chat
  /// What the old servers' texts call the row.
  let word: String
  /// What was brought, wherever it stood.
  public let parameters: Parameters
  /// The parameters of the path, in their order.
  public let path: [String]
  /// The client's address.
  let peer: String
  let known: Caller?
  /// The socket that an action came by.
  let session: DialectSession?
  /// The request, if it was one.
  let request: Request?
  let cost: AnswerCost

  init(
    _ mount: Mount, _ word: String, _ parameters: Parameters, path: [String] = [], peer: String, known: Caller?,
    session: DialectSession? = nil, request: Request? = nil, in scope: TraceScope? = nil,
    cost: AnswerCost = AnswerCost()
  ) {
    self.mount = mount
    chat = mount.chat.traced(in: scope)
    self.word = word
    self.parameters = parameters
    self.path = path
    self.peer = peer
    self.known = known
    self.session = session
    self.request = request
    self.cost = cost
  }

  /// How the dialect writes ids and times.
  public var voice: Voice { mount.voice }

  /// Who asks.
  ///
  /// - Throws: ``Refusal`` when nobody is signed in; rows that are ``Access/signedIn`` never see it.
  public var caller: Caller {
    get throws {
      guard let known = session?.caller ?? known else { throw mount.credential(.missing, word) }
      return known
    }
  }

  /// Whether somebody is signed in; what rows that are ``Access/recognised`` ask.
  public var isKnown: Bool { (session?.caller ?? known) != nil }

  // MARK: What was brought

  /// A member that is required, as a text with something in it.
  ///
  /// - Parameter words: what is said when it is missing, where that is not what the dialect always says.
  public func require(_ names: String..., else words: Refusal? = nil) throws -> String {
    guard let text = parameters.text(names), !text.isEmpty else {
      throw words ?? mount.dialect.refuse.missing(names.first ?? "", word)
    }
    return text
  }

  /// A user's id that is required, in any form: integer, digits, UUID.
  public func requireUser(_ names: String..., else words: Refusal? = nil) throws -> UserID {
    guard let value = parameters.value(names), value != "" else {
      throw words ?? mount.dialect.refuse.missing(names.first ?? "", word)
    }
    guard let id = voice.read(value, .user).flatMap({ UserID(checking: $0) }) else {
      throw words ?? mount.worded(ChatError.notFound(.user), word)
    }
    return id
  }

  /// A user's id in the path.
  public func user(at place: Int) throws -> UserID { try id(at: place, .user) }
  /// A message's id in the path.
  public func message(at place: Int) throws -> EntryID { try id(at: place, .message) }
  /// A file's id in the path.
  public func file(at place: Int) throws -> FileID { try id(at: place, .file) }
  /// A conversation's id in the path.
  public func conversation(at place: Int) throws -> ConversationID { try id(at: place, .conversation) }

  private func id<ID: BucketedID>(at place: Int, _ noun: ChatError.Noun) throws -> ID {
    let kind: [ChatError.Noun: IDCipher.Kind] = [.user: .user, .message: .message, .conversation: .conversation]
    guard path.indices.contains(place), let id = voice.read(path[place], kind[noun] ?? .other),
      let known = ID(checking: id)
    else { throw mount.worded(ChatError.notFound(noun), word) }
    return known
  }

  /// A member as the id of a message or conversation; nil when it is absent or none.
  public func messageID(_ names: String...) -> EntryID? {
    voice.read(parameters.value(names), .message).flatMap { EntryID(checking: $0) }
  }
  /// A member as the id of a conversation; nil when it is absent or none.
  public func conversationID(_ names: String...) -> ConversationID? {
    voice.read(parameters.value(names), .conversation).flatMap { ConversationID(checking: $0) }
  }
  /// A member as the id of a user; nil when it is absent or none.
  public func userID(_ names: String...) -> UserID? {
    voice.read(parameters.value(names), .user).flatMap { UserID(checking: $0) }
  }

  /// An element of a list as the id of a user; nil when it is none.
  public func userID(in value: JSONValue) -> UserID? { voice.read(value, .user).flatMap { UserID(checking: $0) } }

  /// The part of a list that `page` asks for, counted from 1; all of it when it asks for none.
  public func page<Element>(_ list: [Element], of size: Int) -> [Element] {
    guard let page = parameters.integer("page") else { return list }
    let first = (max(1, Int(clamping: page)) - 1).multipliedReportingOverflow(by: size)
    return first.overflow ? [] : Array(list.dropFirst(first.partialValue).prefix(size))
  }

  /// The file of a form, by its field: what the client calls it, and its bytes.
  public func upload(_ field: String) -> (name: String?, bytes: ArraySlice<UInt8>)? {
    guard let request, let part = request.form?.parts.first(where: { $0.name == field && $0.fileName != nil })
    else { return nil }
    return (part.fileName, request.body[part.range])
  }
}
