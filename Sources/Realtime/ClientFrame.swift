import EntryText
import JSONText

/// One request as the client sent it, checked as far as every operation needs it.
///
/// - Shape: `{"id":"7","op":"message.send","d":{"conversation":5121,"text":"hi"}}`; `d` may be left out.
/// - Limits: ``RealtimeLimits/frameBytesMax``, ``RealtimeLimits/idBytesMax``.
struct ClientFrame: Sendable {
  let id: String
  let operation: String
  /// The row of that name, where it was looked up while reading.
  var row: Operation?
  /// What `d` says, where that was read with the row; then ``data`` is left out.
  var asked: Members?
  var data = JSONValue.null

  /// What came of reading a frame.
  enum Reading: Sendable {
    case request(ClientFrame)
    /// JSON, but not a request: answered with a problem, under its id as far as it has one.
    case refused(id: String?, Problem)
    /// Not JSON, or no object: not our protocol.
    case broken
  }

  /// Reads a frame; `rows` finds the operation of a name, by whose shape `d` is read at once where it is plain.
  static func read(
    _ bytes: Span<UInt8>, limits: RealtimeLimits, rows: (String) -> Operation? = { _ in nil }
  ) -> Reading {
    let frame: JSONFrame
    do throws(JSONError) {
      frame = try JSONFrame(scanning: bytes, limits: JSONLimits(bytesMax: limits.frameBytesMax))
    } catch {
      return error.isForeign
        ? .broken : .refused(id: FrameID.find(in: bytes, limits), Problem(error, in: bytes, under: "/d"))
    }
    return read(frame, bytes, limits, rows)
  }

  private static func read(
    _ frame: JSONFrame, _ bytes: Span<UInt8>, _ limits: RealtimeLimits, _ rows: (String) -> Operation?
  ) -> Reading {
    var faults: [Fault] = []
    let id = text("id", of: frame, bytes, most: limits.idBytesMax, &faults)
    let operation = text("op", of: frame, bytes, most: 64, &faults)
    let row = operation.flatMap(rows)
    let slice = frame.slice("d", in: bytes)
    let asked = slice.flatMap { row?.shape.read($0, in: bytes) }
    let data = asked == nil ? self.data(of: frame, bytes, &faults) : .success(.null)
    let isWhole = id != nil && operation != nil && frame.count == (slice == nil ? 2 : 3)
    for place in 0..<frame.count where !isWhole && !isKnown(frame, place, bytes) {
      guard let name = frame.name(at: place, in: bytes) else { continue }
      let shown = String(name.prefix(32))
      faults.append(
        Fault(pointer: "/\(shown)", code: .unknownMember, detail: "\"\(shown)\" is not a member of a request."))
    }
    guard faults.isEmpty, let id, let operation else { return .refused(id: id, Problem(ShapeErrors(faults))) }
    switch data {
    case .success(let data):
      return .request(ClientFrame(id: id, operation: operation, row: row, asked: asked, data: data))
    case .failure(let error): return .refused(id: id, Problem(error, in: bytes, under: "/d"))
    }
  }

  private static func isKnown(_ frame: JSONFrame, _ place: Int, _ bytes: Span<UInt8>) -> Bool {
    frame.isNamed("id", at: place, in: bytes) || frame.isNamed("op", at: place, in: bytes)
      || frame.isNamed("d", at: place, in: bytes)
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
