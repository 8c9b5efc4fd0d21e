import ChatCore
import JSONText

/// What a message carries besides its text, in the form that Martlet keeps to itself.
extension EntryText {
  /// The text of the store's `attachments` column; nothing when there are none.
  ///
  /// - Shape: `[{"i","n","y","z"}]` (id, name, type, size).
  public static func text(of attachments: [Attachment]) -> String? {
    guard !attachments.isEmpty else { return nil }
    var writer = JSONWriter()
    writeFields(of: attachments, to: &writer)
    return String(decoding: writer.finish(), as: UTF8.self)
  }

  /// What such a text says; nothing when it is none.
  public static func attachments(fromText text: String) -> [Attachment]? {
    (try? JSONValue(parsing: Array(text.utf8))).flatMap(attachments)
  }

  static func writeFields(of attachments: [Attachment], to writer: inout JSONWriter) {
    writer.array { writer in
      for attachment in attachments {
        writer.object { writer in
          writer.member("i", attachment.id.rawValue)
          writer.member("n", attachment.name)
          writer.member("y", attachment.type)
          writer.member("z", attachment.size)
        }
      }
    }
  }

  static func attachments(_ value: JSONValue) -> [Attachment]? {
    guard let list = value.array else { return nil }
    let known = list.compactMap { value -> Attachment? in
      guard let id = value["i"]?.integer.flatMap({ FileID(checking: $0) }), let name = value["n"]?.string,
        let type = value["y"]?.string, let size = value["z"]?.integer, size > 0
      else { return nil }
      return Attachment(id: id, name: name, type: type, size: size)
    }
    return known.count == list.count ? known : nil
  }
}
