// Garbage at what stands inside a request: forms, queries, and the header fields that have a grammar. Read or refused;
// what is read lies within the bytes, and is written and read again as the same.
//
// Compiled together with Sources/HTTP1 by Tests/Fuzz/run. The first byte of the input chooses the reader.

private func checkForm(_ rest: ArraySlice<UInt8>) {
  let sides = rest.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
  guard sides.count == 2 else { return }
  let body = Array(sides[1])
  guard let form = try? MultipartForm(parsing: body, boundary: String(decoding: sides[0], as: UTF8.self)) else {
    return
  }
  precondition(form.parts.count <= MultipartForm.partsMax, "too many parts")
  var end = 0
  for part in form.parts {
    precondition(part.range.lowerBound > end && part.range.upperBound <= body.count, "parts overlap, or leave the body")
    end = part.range.upperBound
  }
}

private func checkQuery(_ text: String) {
  guard let query = try? Query(text) else { return }
  precondition(query.parameters.count <= Query.parametersMax, "too many parameters")
  let again = query.parameters.map { "\(PercentCoding.encode($0.name))=\(PercentCoding.encode($0.value))" }
  precondition((try? Query(again.joined(separator: "&"))) == query, "not the same again")
}

private func checkFields(_ text: String) {
  if let tag = EntityTag(parsing: text) {
    precondition(EntityTag(parsing: tag.description) == tag, "a tag is not the same again")
  }
  for element in FieldList.elements([text]) { _ = FieldList.parameter(element) }
  for part in FieldList.split(text, at: Byte.comma) { _ = MediaType(parsing: part) }
  _ = EntityTag.isUnchanged(EntityTag("a"), ifNoneMatch: [text])
  if let plain = IPAddress.withoutPort(text) {
    precondition(IPAddress(plain) != nil, "an address that is none")
    precondition(IPAddress.block(of: IPAddress.block(of: plain)) == IPAddress.block(of: plain), "a block of a block")
  }
}

private func checkRange(_ text: String) {
  let headers: HeaderFields = ["Range": text, "If-Range": "\"a\""]
  for size in [0, 1, 1_000, Int64.max] {
    guard case .part(let range) = ByteRange(headers, size: size, current: EntityTag("a")) else { continue }
    precondition(range.lowerBound >= 0 && range.upperBound <= size && !range.isEmpty, "a range outside of the thing")
  }
}

private func checkHead(_ text: String) {
  let head = RequestHead(method: .get, target: text)
  guard let segments = head.pathSegments else { return }
  let again = RequestHead(method: .get, target: segments.map { "/" + PercentCoding.encode($0) }.joined())
  precondition(again.pathSegments == segments, "a path is not the same again")
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let choice = input.first else { return 0 }
  let rest = input.dropFirst()
  let text = String(decoding: rest, as: UTF8.self)
  switch choice % 5 {
  case 0: checkForm(rest)
  case 1: checkQuery(text)
  case 2: checkFields(text)
  case 3: checkRange(text)
  default: checkHead(text)
  }
  return 0
}
