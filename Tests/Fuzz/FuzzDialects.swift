// Garbage as what clients of a dialect bring: parameters in a query, a form or JSON, and a credential in any place.
// Read or refused, within the limits.
//
// Compiled together with Sources/Dialects and the modules that it imports by Tests/Fuzz/run. The first byte chooses the
// body's type; what follows is a query, a field's value and a body, cut at bytes 0xFF.

import HTTP1
import JSONText

private let bodies = [
  "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/json", "text/plain",
  "multipart/form-data; boundary=\"b\"; a=\"\\\"\"", "Application/JSON; charset=utf-8",
]
private let places: [Credential.Place] = [.bearer, .parameter("token"), .auth("token"), .cookie("token")]

private func touch(_ parameters: Parameters) {
  for name in ["a", "token", "", "ids"] {
    _ = (parameters.text(name), parameters.integer(name), parameters.flag(name), parameters.has(name))
    if case .array(let held)? = parameters[name] {
      precondition(held.count <= Parameters.elementsMax, "more elements than are held")
      precondition(held.allSatisfy { $0.object == nil && $0.array == nil }, "what is nested is held")
    }
    _ = parameters.list(name)
  }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let choice = input.first else { return 0 }
  let parts = input.dropFirst().split(separator: 0xFF, maxSplits: 2, omittingEmptySubsequences: false)
  guard parts.count == 3 else { return 0 }
  let (query, field) = (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
  var headers: HeaderFields = ["Cookie": field, "Origin": field, "Host": "a"]
  if choice & 0x80 == 0 { headers.append("Authorization", field) }
  headers.append("Content-Type", bodies[Int(choice & 0x7F) % bodies.count])
  let head = RequestHead(method: .post, target: "/x?\(query)", headers: headers)
  guard let parameters = try? Parameters(of: Request(head: head, body: Array(parts[2]))) else { return 0 }
  touch(parameters)
  let believed = Credential.believed(places, headers, CrossOriginPolicy(origins: .listed(["http://a"])))
  let auth = try? JSONValue(parsing: field)
  if case .success(let token)? = Credential.token(in: believed, headers: headers, parameters: parameters, auth: auth) {
    precondition(!token.isEmpty && token.utf8.count <= Credential.bytesMax, "a token without bytes, or too long")
  }
  return 0
}
