import ChatCore
import HTTP1
import JSONText

/// What a socket is told: a name and its arguments.
///
/// - Shape: Socket.IO `["new_message",{…}]`; keyed by `type`: `{"type":"message","sender":…}`, which takes the first
///   argument's members.
public struct Words: Sendable, Equatable {
  /// The event's name, or the frame's `type`.
  public let name: String
  /// Its arguments.
  public let arguments: [JSONValue]

  /// One argument, mostly.
  public init(_ name: String, _ arguments: JSONValue...) {
    self.name = name
    self.arguments = arguments
  }

  /// The text as the carrier brings it: for Socket.IO the packet of the namespace `/`.
  func text(in carrier: Carrier) -> [UInt8] {
    var writer = JSONWriter(appendingTo: carrier == .socketIO ? [UInt8(ascii: "2")] : [])
    switch carrier {
    case .socketIO: writer.value(.array([.string(name)] + arguments))
    case .typedJSON:
      writer.object { writer in
        writer.member("type", name)
        for member in arguments.first?.object?.entries ?? [] where member.name != "type" {
          writer.key(named: member.name)
          writer.value(member.value)
        }
      }
    }
    return writer.finish()
  }
}

/// Answers that most rows give.
extension [Words] {
  /// One event.
  public static func say(_ name: String, _ arguments: JSONValue...) -> [Words] { [Words(name, all: arguments)] }
}

extension Words {
  /// The same with a name as a member of the first argument.
  func naming(_ name: String, as member: String) -> Words {
    guard var object = arguments.first?.object else { return self }
    object[member] = .string(name)
    return Words(self.name, all: [.object(object)] + arguments.dropFirst())
  }

  init(_ name: String, all arguments: [JSONValue]) {
    self.name = name
    self.arguments = arguments
  }
}

/// What a request is answered with.
public struct Answer: Sendable {
  /// The status.
  public var status: Int
  /// The body.
  public var body: Body
  /// Header fields besides those of the body.
  public var headers: HeaderFields = [:]

  /// What a body is.
  public enum Body: Sendable {
    /// None.
    case empty
    /// JSON.
    case json(JSONValue)
    /// Plain text.
    case text(String)
    /// Bytes of that media type.
    case bytes([UInt8], type: String)
    /// A file, or the part of it that the request asks for.
    case file(FilePieces)
  }

  /// An answer by its parts.
  public init(_ status: Int, _ body: Body, headers: HeaderFields = [:]) {
    self.status = status
    self.body = body
    self.headers = headers
  }

  /// 200 with that JSON.
  public static func ok(_ body: JSONValue) -> Answer { Answer(200, .json(body)) }
  /// The same, once something has been done.
  public static func ok(_ body: JSONValue, after done: Void) -> Answer { .ok(body) }
  /// 200 with a list of that JSON.
  public static func list(_ elements: [JSONValue]) -> Answer { .ok(.array(elements)) }
  /// 201 with that JSON.
  public static func created(_ body: JSONValue) -> Answer { Answer(201, .json(body)) }
  /// A file, as all doors serve it: with ranges, and so that nothing in it acts on the page that shows it.
  public static func file(_ pieces: FilePieces) -> Answer { Answer(200, .file(pieces)) }
  /// 200 with that text.
  public static func text(_ text: String) -> Answer { Answer(200, .text(text)) }
}
