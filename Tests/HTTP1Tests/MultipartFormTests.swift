import HTTP1
import Testing

@Suite("Multipart forms") struct MultipartFormTests {
  private func parse(_ text: String, _ boundary: String = "b") -> Result<MultipartForm, MultipartForm.Failure> {
    Result { () throws(MultipartForm.Failure) in try MultipartForm(parsing: Array(text.utf8), boundary: boundary) }
  }

  private static let head = "Content-Disposition: form-data; name=\"file\"; filename=\"a\\\"b.png\"\r\n\r\n"

  @Test func `parts are told by name, file name and range`() throws {
    let text =
      "--b\r\n\(Self.head)x\r\n-b\r\n--\r\n--b\r\nX: y\r\ncontent-disposition: form-data; name=n\r\n\r\n\r\n--b--\r\n"
    let form = try parse(text).get()
    #expect(form.parts.map(\.name) == ["file", "n"])
    #expect(form.parts.map(\.fileName) == ["a\"b.png", nil])
    let bytes = Array(text.utf8)
    #expect(form.parts.map { Array(bytes[$0.range]) } == [Array("x\r\n-b\r\n--".utf8), []])
    #expect(try parse("--b--").get().parts.isEmpty)
  }

  @Test func `a field's line may be followed by others, as browsers and libraries send it`() throws {
    let disposition = "Content-Disposition: form-data; name=\"file\"; filename=\"my pic.png\""
    let form = try parse("--b\r\n\(disposition)\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n").get()
    #expect(form.parts.map(\.fileName) == ["my pic.png"])
  }

  @Test func `what is no form is refused, and says why`() {
    let rows: [(String, MultipartForm.Failure)] = [
      ("", .unfinished), ("x--b--", .unfinished), ("--b", .unfinished), ("--b\r\n", .unfinished),
      ("--b\r\n\(Self.head)x\r\n--b", .unfinished), ("--b\r\n\(Self.head)x\r\n--b--x", .unfinished),
      ("--b\r\nX: y\r\n\r\nx\r\n--b--", .header), ("--b\r\n\r\n\r\nx\r\n--b--", .header),
      ("--b\r\nno colon\r\n\r\nx\r\n--b--", .header), ("--b\r\n\(Self.head.dropLast(2))x\r\n--b--", .header),
      ("--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", .header),
      ("--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--", .header),
      ("--b\r\nX: \(String(repeating: "y", count: 4_096))\r\n\(Self.head)x\r\n--b--", .header),
      (String(repeating: "--b\r\n\(Self.head)\r\n", count: 17) + "--b--", .tooManyParts),
    ]
    for (text, failure) in rows { #expect(parse(text) == .failure(failure), "\(text.prefix(60))") }
    for boundary in ["", String(repeating: "b", count: 71), "a ", "a\r\n"] {
      #expect(parse("--b--", boundary) == .failure(.boundary))
    }
    let sixteen = String(repeating: "--b\r\n\(Self.head)\r\n", count: 16) + "--b--"
    #expect((try? parse(sixteen).get().parts.count) == 16)
  }

  @Test func `every cut and every garbled byte is read or refused, and ranges stay in the body`() {
    let whole = Array("--b\r\n\(Self.head)hello\r\n--b\r\n\(Self.head)you\r\n--b--\r\n".utf8)
    for place in whole.indices {
      for byte in [UInt8(0), 10, 13, 32, 34, 45, 58, 59, 255] {
        var bytes = whole
        bytes[place] = byte
        for body in [bytes, Array(bytes[...place]), Array(bytes[place...])] {
          guard let form = try? MultipartForm(parsing: body, boundary: "b") else { continue }
          #expect(
            form.parts.allSatisfy { body.indices.contains($0.range.lowerBound) && $0.range.upperBound <= body.count })
        }
      }
    }
  }

  @Test func `a stream is equal to itself only, and a range says what is asked`() {
    let stream = BodyStream(length: -1) { nil }
    #expect(stream.length == 0 && stream == stream && stream != BodyStream(length: 0) { nil })
    let tag = EntityTag("t")
    #expect(ByteRange(["Range": "bytes=1-2"], size: 9, current: tag) == .part(1..<3))
    #expect(ByteRange(["Range": "bytes=1-2", "If-Range": "W/\"t\""], size: 9, current: tag) == .whole)
    #expect(ByteRange(["Range": "bytes=9-"], size: 9, current: tag) == .unsatisfiable)
    #expect(ByteRange(["Range": "bytes=0-\(Int64.max)"], size: 9, current: tag) == .part(0..<9))
  }
}
