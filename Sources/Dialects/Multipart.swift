import JSONText

/// A form of several parts, as browsers send it.
///
/// - Limits: ``partsMax`` parts; the body's size is the server's limit.
/// - Source: RFC 7578, RFC 2046 section 5.1.
public struct Multipart: Sendable {
  /// Parts of a form: 64, as many as a query may have.
  public static let partsMax = 64

  /// One part.
  public struct Part: Sendable, Equatable {
    /// The field's name.
    public let name: String
    /// The file's name, if it is a file.
    public let filename: String?
    /// What it holds.
    public let bytes: [UInt8]
  }

  /// The parts in their order.
  public let parts: [Part]

  /// Reads a body; nil when it is none, or has too many parts.
  public init?(_ body: [UInt8], boundary: String) {
    guard (1...70).contains(boundary.utf8.count) else { return nil }
    let mark = Array("--\(boundary)".utf8)
    var parts: [Part] = []
    guard var at = Multipart.find(mark, in: body, from: 0).map({ $0 + mark.count }) else { return nil }
    while !body[at...].starts(with: [0x2D, 0x2D]) {
      guard parts.count < Multipart.partsMax, body[at...].starts(with: [13, 10]),
        let head = Multipart.find([13, 10, 13, 10], in: body, from: at),
        let end = Multipart.find([13, 10] + mark, in: body, from: head + 2),
        let part = Multipart.part(body[at..<head], body[min(head + 4, end)..<end])
      else { return nil }
      parts.append(part)
      at = end + 2 + mark.count
    }
    self.parts = parts
  }

  /// The parts that are no files, as texts.
  var texts: JSONObject {
    var members = JSONObject()
    for part in parts where part.filename == nil {
      members[part.name] = .string(String(decoding: part.bytes, as: UTF8.self))
    }
    return members
  }

  private static func part(_ head: ArraySlice<UInt8>, _ bytes: ArraySlice<UInt8>) -> Part? {
    let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
    guard let line = lines.first(where: { $0.lowercased().hasPrefix("content-disposition:") }),
      let name = quoted("name", in: line)
    else { return nil }
    return Part(name: name, filename: quoted("filename", in: line), bytes: Array(bytes))
  }

  private static func quoted(_ key: String, in line: Substring) -> String? {
    for field in line.split(separator: ";").dropFirst() {
      let sides = field.split(separator: "=", maxSplits: 1)
      guard sides.count == 2, sides[0].drop(while: { $0 == " " }).lowercased() == key else { continue }
      return String(sides[1].drop { $0 == "\"" || $0 == " " }.prefix { $0 != "\"" })
    }
    return nil
  }

  /// Where a mark stands, looked for by its first byte.
  private static func find(_ mark: [UInt8], in body: [UInt8], from: Int) -> Int? {
    guard let first = mark.first else { return nil }
    var at = from
    while at <= body.count - mark.count {
      guard let next = body[at...].firstIndex(of: first), next <= body.count - mark.count else { return nil }
      if body[next...].starts(with: mark) { return next }
      at = next + 1
    }
    return nil
  }
}
