import HTTP1
import JSONText

/// A story told as it is seen on the wire: who sends what, and who gets what.
///
/// - Shape: one line a step; `#` sets the scene.
///
///       ada > POST /api/auth/login {"username":"${ada}","password":"pw"}
///       ada < 200 {"access_token":"$token","...":0}
///       ada > GET /api/messages as ${token}
///       ada > GET /session (Cookie: session=${cookie})
///       ada > POST /login form username=${ada}&password=pw
///       ada > CONNECT ?token=${token}
///       ada < CONNECTED
///       ada > ["join_private",{"other_user_id":"$bob.id"}]
///       bob < ["new_private_message",{"content":"hi","...":0}]
///       ada > CLOSE
///
///   What is sent: `${name}` is replaced in the text; a string that is only `"$name"` becomes what was bound, be it a
///   number. A name that nothing was bound to is a name of this story's own, `ada_<mark>`, which every dialect takes
///   for a user's. What is expected: `"$name"` binds, or equals what was bound; `"$any"` is anything; an object has
///   exactly the members named, or more when one of them is `"..."`; `{"$text":…}` is a text of JSON that holds it;
///   `<~` asks or sends again for up to 3 s until the answer is so (what holds everywhere within a second or two),
///   other answers being forgotten;
///   `(Set-Cookie: session=${cookie};*)` binds up to the next letter.
public struct Transcript: Sendable {
  /// One step.
  public struct Step: Sendable {
    /// The line in the file, from 1.
    public let line: Int
    /// Who.
    public let who: String
    /// What he sends or gets.
    public let act: Act
  }

  /// What is sent or expected; texts still hold their `${names}`.
  public enum Act: Sendable {
    case request(method: String, path: String, headers: [String], body: String?, form: Bool)
    case answer(status: Int, headers: [String], body: String?, eventually: Bool)
    case connect(query: String, headers: [String], auth: String?)
    case connected
    case refused
    case send(String)
    case hear(String, eventually: Bool)
    case close
  }

  /// The steps in their order.
  public let steps: [Step]

  /// Reads a story.
  ///
  /// - Throws: ``TranscriptFailure`` with the line that is none.
  public init(_ text: String) throws(TranscriptFailure) {
    var steps: [Step] = []
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(separator: " ", maxSplits: 2)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      guard words.count == 3, ["<", "<~", ">"].contains(words[1]),
        let act = Transcript.act(String(words[2]), isSent: words[1] == ">", isEventual: words[1] == "<~")
      else { throw TranscriptFailure(line: number + 1, "this is no step: \(line)") }
      steps.append(Step(line: number + 1, who: String(first), act: act))
    }
    self.steps = steps
  }

  private static func act(_ text: String, isSent: Bool, isEventual: Bool) -> Act? {
    if text.hasPrefix("{") || text.hasPrefix("[") {
      return isSent ? .send(text) : .hear(text, eventually: isEventual)
    }
    if text == "CLOSE" { return .close }
    if text == "CONNECTED" { return .connected }
    if text == "REFUSED" { return .refused }
    var rest = Substring(text)
    let head = word(&rest)
    var target = ""
    if isSent, rest.first == "/" || rest.first == "?" { target = word(&rest) }
    var headers: [String] = []
    while let header = header(&rest) { headers.append(header) }
    let isForm = rest.hasPrefix("form ")
    let body = isForm ? String(rest.dropFirst(5)) : rest.isEmpty ? nil : String(rest)
    if !isSent { return Int(head).map { .answer(status: $0, headers: headers, body: body, eventually: isEventual) } }
    if head == "CONNECT" { return .connect(query: target, headers: headers, auth: body) }
    return .request(method: head, path: target, headers: headers, body: body, form: isForm)
  }

  private static func word(_ rest: inout Substring) -> String {
    let word = rest.prefix { $0 != " " }
    rest = rest.dropFirst(word.count).drop { $0 == " " }
    return String(word)
  }

  private static func header(_ rest: inout Substring) -> String? {
    if rest.hasPrefix("as ") {
      rest = rest.dropFirst(3)
      return "Authorization: Bearer " + word(&rest)
    }
    guard rest.first == "(", let end = rest.firstIndex(of: ")") else { return nil }
    let header = String(rest[rest.index(after: rest.startIndex)..<end])
    rest = rest[rest.index(after: end)...].drop { $0 == " " }
    return header
  }
}

/// A step that went otherwise.
public struct TranscriptFailure: Error, CustomStringConvertible {
  /// Where and what.
  public let description: String

  init(line: Int, _ what: String) { description = "line \(line): \(what)" }
}
