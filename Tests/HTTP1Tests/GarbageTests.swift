import HTTP1
import TestKit
import Testing

/// What stands in fields, targets and bodies, each by those who read it: it is read or refused, and never a trap.
struct GarbageTests {
  private static let marks = [
    "=", ";", ",", " ", "\t", "\"", "\\", "*", "/", "-", "W/", "bytes=", "a", "7", ":", "[", "]", "::", ".", "%", "%3D",
    "%00", "%F", "+", "&", "?", "'", "UTF-8''", "\u{301}", "é", "\r\n", "\0", "q=", "--b",
  ]

  @Test func `fields`() {
    let samples = [
      "bytes=0-499", "bytes=-500", "bytes=9500-", #"W/"7", "8""#, "text/html;q=0.8, */*;q=0.1",
      #"multipart/form-data; boundary="b \"c""#, "192.0.2.7, [2001:db8::1]:443", "keep-alive, Upgrade",
    ]
    let tag = EntityTag("7")
    var parts = 0
    for bytes in Garbage.of(samples, marks: Self.marks) {
      let text = String(decoding: bytes, as: UTF8.self)
      for size in [0, 1, 500, 10_000, .max] as [Int64] {
        let ranges = [
          ByteRange(["Range": text], size: size, current: tag),
          ByteRange(["Range": "bytes=0-", "If-Range": text], size: size, current: tag),
        ]
        for case .part(let range) in ranges {
          parts += 1
          #expect(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(text)")
        }
      }
      _ = EntityTag.isUnchanged(tag, ifNoneMatch: [text])
      _ = MediaType(parsing: text)
      _ = FieldList.split(text, at: UInt8(ascii: ";")).compactMap { FieldList.parameter($0) }
      _ = IPAddress.withoutPort(text).map(IPAddress.block)
      _ = HeaderFields(dictionaryLiteral: ("a", text), (text, "b")).contains("a", token: "upgrade")
    }
    #expect(parts > 100)
  }

  @Test func `targets`() {
    let samples = ["/v1/users/7?limit=5&cursor=%C3%A9+b", "//a/../%2e/", "/socket.io/?EIO=4&sid=a.b", "*"]
    for bytes in Garbage.of(samples, marks: Self.marks) {
      let text = String(decoding: bytes, as: UTF8.self)
      let head = RequestHead(method: .get, target: text, headers: ["Origin": text, "Host": text])
      _ = (head.pathSegments, try? Query(head.query), PercentCoding.decode(text))
      for origins in [CrossOriginPolicy.Origins.any, .listed(["https://chat.example"])] {
        let policy = CrossOriginPolicy(origins: origins)
        _ = (policy.allowsSocket(head), policy.preflightAnswer(to: head))
      }
    }
  }

  @Test func `forms`() throws {
    let part = "Content-Disposition: form-data; name=\"file\"; filename*=UTF-8''%C3%A9"
    let samples = [
      "--b\r\n\(part)\r\n\r\nhello\r\n--b--\r\n",
      "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--b\r\n\(part)\r\n\r\n\r\n--b--",
    ]
    let counts = try samples.map { try MultipartForm(parsing: Array($0.utf8), boundary: "b").parts.count }
    #expect(counts == [1, 2])
    for bytes in Garbage.of(samples, marks: Self.marks + ["\r\n--b", "\r\n\r\n", "\n", part], count: 3_000) {
      for part in (try? MultipartForm(parsing: bytes, boundary: "b").parts) ?? [] {
        #expect(part.range.upperBound <= bytes.count)
      }
    }
  }

  @Test func `moments before and after all calendars`() {
    for seconds in [.min, -1, 0, 253_402_300_799, 253_402_300_800, .max] as [Int] {
      #expect(HTTPDate.bytes(unixSeconds: seconds).count == 29)
    }
  }
}
