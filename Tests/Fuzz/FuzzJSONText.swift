// Garbage at the JSON reader: read or refused; what is read is written and read again as the same; the scanner agrees.
//
// Compiled together with Sources/JSONText by Tests/Fuzz/run.

private let limits = JSONLimits(bytesMax: 4096, depthMax: 8)
private let scannerOnly: [JSONError.Reason] = [.notObject, .tooManyMembers, .escapedName]

private let shape = Shape(
  "Any",
  [
    .string("text", .optional, bytes: 1...8, pattern: .line, "A text."),
    .array("a", .optional, of: .integer(.ids), count: 0...3, "Numbers."),
    .map("m", .nullable, names: .integer(.ids), values: .any, count: 0...2, "A map."),
  ])

private func touchAll(_ frame: JSONFrame, _ bytes: Span<UInt8>) {
  for name in ["a", "text", "m", "d", ""] as [StaticString] {
    guard let slice = frame.slice(name, in: bytes) else { continue }
    _ = (slice.string(in: bytes), slice.integer(in: bytes))
    do {
      if let inner = try slice.frame(in: bytes) { touchAll(inner, bytes) }
      _ = try slice.value(in: bytes)
    } catch {
      precondition(
        [.duplicateName, .tooManyMembers, .escapedName].contains(error.reason), "deeper scan differs: \(error)")
    }
  }
}

/// One input of the fuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  let tree: Result<JSONValue, JSONError> = Result { () throws(JSONError) in
    try JSONValue(parsing: input, limits: limits)
  }
  var scanError: JSONError?
  do { touchAll(try JSONFrame(scanning: input.span, limits: limits), input.span) } catch { scanError = error }
  switch tree {
  case .success(let value):
    precondition(scanError.map { scannerOnly.contains($0.reason) } ?? true, "the scanner refuses what the parser reads")
    let wide = JSONLimits(bytesMax: 1 << 20, depthMax: 8)
    precondition((try? JSONValue(parsing: value.bytes, limits: wide)) == value, "written and read is not the same")
    _ = try? shape.read(value)
    if let text = value.string { _ = try? shape.read(query: [("a", text), ("m", text), ("text", text)]) }
  case .failure(let error):
    precondition(scanError != nil || error.reason == .duplicateName, "the scanner reads what the parser refuses")
  }
  return 0
}
