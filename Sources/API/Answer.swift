import ChatCore
import HTTP1
import JSONText

/// What a handler answers: a status and JSON.
public struct Answer: Sendable {
  let status: Status
  let body: [UInt8]
  let contentType: String
  /// The `Cache-Control` of the answer.
  var caching = "no-store"
  /// The `ETag` of the answer.
  var tag: EntityTag?
  /// Further header fields.
  var headers: HeaderFields = [:]
  /// The body when it is too long to be held.
  var stream: BodyStream?
  /// Why nothing is answered as HTTP sees it; the rest is left out.
  var refusal: RequestRefusal?

  /// Refuses what the domain has nothing to say about.
  static func refusal(_ refusal: RequestRefusal, _ headers: HeaderFields) -> Answer {
    var answer = noContent
    answer.refusal = refusal
    answer.headers = headers
    return answer
  }

  /// Without a body.
  public static let noContent = Answer(status: .noContent, body: [], contentType: "")

  /// With the JSON value that the function writes.
  public static func json(_ status: Status, _ write: (inout JSONWriter) -> Void) -> Answer {
    var writer = JSONWriter()
    write(&writer)
    return json(status, writer.finish())
  }

  /// With JSON text that is ready.
  static func json(_ status: Status, _ body: [UInt8]) -> Answer {
    Answer(status: status, body: body, contentType: "application/json; charset=utf-8")
  }

  /// With text that is ready.
  public static func bytes(_ status: Status, _ body: [UInt8], _ contentType: String) -> Answer {
    Answer(status: status, body: body, contentType: contentType)
  }

  /// The same answer, which anyone may keep for that long.
  func kept(forSeconds seconds: Int) -> Answer {
    var answer = self
    answer.caching = "public, max-age=\(seconds)"
    return answer
  }

  /// The same answer, which says what state of the thing it tells.
  func tagged(_ tag: EntityTag) -> Answer {
    var answer = self
    answer.tag = tag
    return answer
  }

  var response: Response {
    var headers: HeaderFields = ["Cache-Control": caching]
    if !contentType.isEmpty { headers.append("Content-Type", contentType) }
    if let tag { headers.append("ETag", tag.description) }
    for (name, value) in self.headers { headers.append(name, value) }
    var response = Response(status, headers: headers, body: body)
    response.stream = stream
    return response
  }
}
