import EntryText
import JSONText

/// One request as the client sent it, checked as far as every operation needs it.
///
/// - Shape: `{"id":"7","op":"message.send","d":{"conversation":5121,"text":"hi"}}`; `d` may be left out.
/// - Limits: ``RealtimeLimits/frameBytesMax``, ``RealtimeLimits/idBytesMax``.
struct ClientFrame: Sendable {
  let id: String
  let operation: String
  let data: JSONValue

  /// What came of reading a frame.
  enum Reading: Sendable {
    case request(ClientFrame)
    /// JSON, but not a request: answered with a problem, under its id as far as it has one.
    case refused(id: String?, Problem)
    /// Not JSON, or no object: not our protocol.
    case broken
  }

  static func read(_ bytes: Span<UInt8>, limits: RealtimeLimits) -> Reading {
    let frame: JSONFrame
    do throws(JSONError) {
      frame = try JSONFrame(scanning: bytes, limits: JSONLimits(bytesMax: limits.frameBytesMax))
    } catch {
      return error.isForeign ? .broken : .refused(id: FrameID.find(in: bytes, limits), Problem(error))
    }
    return read(frame, bytes, limits)
  }

  private static func read(_ frame: JSONFrame, _ bytes: Span<UInt8>, _ limits: RealtimeLimits) -> Reading {
    var faults: [Fault] = []
    let id = text("id", of: frame, bytes, most: limits.idBytesMax, &faults)
    let operation = text("op", of: frame, bytes, most: 64, &faults)
    let data = self.data(of: frame, bytes, &faults)
    for place in 0..<frame.count {
      guard let name = frame.name(at: place, in: bytes), !["id", "op", "d"].contains(name) else { continue }
      let shown = String(name.prefix(32))
      faults.append(
        Fault(pointer: "/\(shown)", code: .unknownMember, detail: "\"\(shown)\" is not a member of a request."))
    }
    guard faults.isEmpty, let id, let operation else { return .refused(id: id, Problem(ShapeErrors(faults))) }
    switch data {
    case .success(let data): return .request(ClientFrame(id: id, operation: operation, data: data))
    case .failure(let error): return .refused(id: id, Problem(error))
    }
  }

  private static func text(
    _ name: StaticString, of frame: JSONFrame, _ bytes: Span<UInt8>, most: Int, _ faults: inout [Fault]
  ) -> String? {
    guard let slice = frame.slice(name, in: bytes) else {
      faults.append(Fault(pointer: "/\(name)", code: .missing, detail: "\"\(name)\" is missing."))
      return nil
    }
    guard let text = slice.string(in: bytes) else {
      faults.append(Fault(pointer: "/\(name)", code: .wrongType, detail: "\"\(name)\" must be a string."))
      return nil
    }
    guard (1...most).contains(text.utf8.count) else {
      let code: Fault.Code = text.isEmpty ? .tooShort : .tooLong
      faults.append(
        Fault(pointer: "/\(name)", code: code, detail: "\"\(name)\" must have 1 to \(most) bytes in UTF-8."))
      return nil
    }
    return text
  }

  private static func data(
    of frame: JSONFrame, _ bytes: Span<UInt8>, _ faults: inout [Fault]
  ) -> Result<JSONValue, JSONError> {
    guard let slice = frame.slice("d", in: bytes) else { return .success(.object(JSONObject())) }
    guard slice.kind == .object else {
      faults.append(Fault(pointer: "/d", code: .wrongType, detail: "\"d\" must be an object."))
      return .success(.null)
    }
    do throws(JSONError) { return .success(try slice.value(in: bytes)) } catch { return .failure(error) }
  }
}

extension JSONError {
  /// Whether the text is no JSON object at all; else it is one that is not read here, such as one with a name twice.
  fileprivate var isForeign: Bool {
    switch reason {
    case .duplicateName, .nulCharacter, .numberOutOfRange, .numberTooLong, .tooDeep, .tooManyMembers, .escapedName,
      .loneSurrogate:
      false
    case .empty, .tooLarge, .notUTF8, .byteOrderMark, .unexpectedByte, .unexpectedEnd, .trailingBytes, .trailingComma,
      .controlCharacter, .badEscape, .badNumber, .notObject:
      true
    }
  }
}

/// Finds the id of a frame that was refused as a whole, so that the client knows which request the refusal answers.
enum FrameID {
  /// The text of the only `"id"` at the top level, if it is written without escapes.
  static func find(in bytes: Span<UInt8>, _ limits: RealtimeLimits) -> String? {
    var found: String?
    var walk = Walk()
    while let token = walk.nextString(bytes) {
      guard walk.depth == 1, !token.isEscaped, equals(bytes, token.range, "id"), walk.take(UInt8(ascii: ":"), bytes)
      else { continue }
      guard found == nil, let value = walk.stringHere(bytes), !value.isEscaped,
        (1...limits.idBytesMax).contains(value.range.count)
      else { return nil }
      found = text(bytes, value.range)
    }
    return found
  }

  private static func equals(_ bytes: Span<UInt8>, _ range: Range<Int>, _ text: StaticString) -> Bool {
    range.count == text.utf8CodeUnitCount && range.indices.allSatisfy { bytes[$0] == text.utf8Start[$0 - range.lowerBound] }
  }

  private static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) -> String {
    var copy: [UInt8] = []
    for place in range { copy.append(bytes[place]) }
    return String(decoding: copy, as: UTF8.self)
  }

  /// A walk over strings and brackets that trusts nothing else.
  private struct Walk {
    var depth = 0
    private var index = 0

    struct Token {
      let range: Range<Int>
      let isEscaped: Bool
    }

    /// The next string, whatever stands before it.
    mutating func nextString(_ bytes: Span<UInt8>) -> Token? {
      while index < bytes.count {
        switch bytes[index] {
        case UInt8(ascii: "\""): return stringHere(bytes)
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
        index += 1
      }
      return nil
    }

    /// The string that begins here, space aside.
    mutating func stringHere(_ bytes: Span<UInt8>) -> Token? {
      skipSpace(bytes)
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
      index += 1
      let start = index
      var isEscaped = false
      while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
        if bytes[index] == UInt8(ascii: "\\") {
          isEscaped = true
          index += 1
        }
        index += 1
      }
      let end = min(index, bytes.count)
      index += 1
      return Token(range: start..<end, isEscaped: isEscaped)
    }

    mutating func take(_ byte: UInt8, _ bytes: Span<UInt8>) -> Bool {
      skipSpace(bytes)
      guard index < bytes.count, bytes[index] == byte else { return false }
      index += 1
      return true
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
      while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }
  }
}
