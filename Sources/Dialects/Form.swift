import ChatCore
import JSONText

/// An object as it is spelled on the wire, with names where values go.
///
/// - Shape: `{"id":"$id","fname":"$fname|$name","pic":"$picture|none.png"}`: a string that begins with `$` becomes what
///   the first of its names stands for that stands for anything, else the text behind the last `|`, else `null`. Values
///   are put in as they are; nothing in them is taken for a name.
public struct Form: Sendable, ExpressibleByStringLiteral {
  private let template: JSONValue

  /// A form as written in source.
  public init(stringLiteral text: String) {
    guard let template = try? JSONValue(parsing: text) else { preconditionFailure("this form is no JSON: \(text)") }
    self.template = template
  }

  /// The object, with what names stand for.
  func filled(_ value: (String) -> JSONValue?) -> JSONValue { Form.filled(template, value) }

  private static func filled(_ template: JSONValue, _ value: (String) -> JSONValue?) -> JSONValue {
    switch template {
    case .string(let text) where text.hasPrefix("$"):
      for choice in text.split(separator: "|", omittingEmptySubsequences: false) {
        guard choice.hasPrefix("$") else { return .string(String(choice)) }
        if let found = value(String(choice.dropFirst())) { return found }
      }
      return .null
    case .object(let object):
      var written = JSONObject()
      for member in object.entries { written[member.name] = filled(member.value, value) }
      return .object(written)
    default: return template
    }
  }
}

/// The forms of a dialect whose objects are people, contacts as rows, and messages between two.
public struct Forms: Sendable {
  /// A user: `$id`, `$username`, `$name` (what others see), `$picture`, `$status` (`online`, `offline`), `$date`, and
  /// each of his attributes. To himself also `$email`, `$sent` and `$received`: his contacts, by who began; to others
  /// the two are empty.
  public let user: Form
  /// A contact: `$id`, `$first` and `$second` (users; who began is the first), `$first.id`, `$second.id`, `$date`.
  public let contact: Form
  /// A message: `$id`, `$sender`, `$recipient` (ids; names where it is told), `$type`, `$text`, `$date`, `$edited`,
  /// `$previous`.
  public let message: Form

  /// Collects them.
  public init(user: Form = "{}", contact: Form = "{}", message: Form = "{}") {
    self.user = user
    self.contact = contact
    self.message = message
  }
}

extension Voice {
  /// A user as others see him.
  public func user(_ person: Person) -> JSONValue { user(person, own: nil) }

  /// A user, to himself with his contacts.
  func user(_ person: Person, own: [ContactRow]?) -> JSONValue {
    forms.user.filled { name in
      switch name {
      case "id": id(person.id)
      case "username": .string(person.username)
      case "name": .string(person.displayName)
      case "picture": person.avatarURL.map { .string($0) }
      case "status": person.isOnline ? "online" : "offline"
      case "date": time(person.createdAt)
      case "email": own == nil ? nil : person.email.map { .string($0) }
      case "sent": .array((own ?? []).filter { $0.first.id == person.id }.map(contact))
      case "received": .array((own ?? []).filter { $0.first.id != person.id }.map(contact))
      default: person.attributes[name].map { .string($0) }
      }
    }
  }

  /// A contact as a row.
  public func contact(_ row: ContactRow) -> JSONValue {
    forms.contact.filled { name in
      switch name {
      case "id": .integer(row.id)
      case "first": user(row.first)
      case "second": user(row.second)
      case "first.id": id(row.first.id)
      case "second.id": id(row.second.id)
      case "date": time(row.contact.since)
      default: nil
      }
    }
  }

  /// A message by ids, as it is asked for.
  public func message(_ said: DirectMessage) -> JSONValue { message(said, id(said.sender.id), id(said.recipient)) }

  /// A message by names, as it is told.
  public func message(_ said: DirectMessage, to recipient: Author) -> JSONValue {
    message(said, .string(said.sender.username), .string(recipient.username))
  }

  private func message(_ said: DirectMessage, _ sender: JSONValue, _ recipient: JSONValue) -> JSONValue {
    forms.message.filled { name in
      switch name {
      case "id": id(said.id)
      case "sender": sender
      case "recipient": recipient
      case "type": .string(said.type.rawValue)
      case "text": .string(said.text)
      case "date": time(said.createdAt)
      case "edited": time(said.editedAt)
      case "previous": .text(said.previousText)
      default: nil
      }
    }
  }
}
