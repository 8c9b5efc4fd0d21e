import ChatCore
import TestKit
import Testing

@testable import Importing

/// Lines that no export has: read or refused with a sentence, and never a trap.
struct GarbageTests {
  @Test func `records`() throws {
    let samples = [
      #"{"type":"user","key":"1","username":"ada","password":"x","attributes":{"a":"b"},"#
        + #""created_at":"2023-05-04T10:00:00Z"}"#,
      #"{"type":"contact","of":"1","to":"2","state":"new","blocked":true,"created_at":"2023-05-04T10:00:00.5+02:00"}"#,
      #"{"type":"group","key":"1","title":"t","owner":"1","members":[{"user":"2","role":"admin"}],"#
        + #""created_at":"2023-05-04T10:00:00Z"}"#,
      #"{"type":"message","key":"1","from":"1","to":"2","text":"t","created_at":"2023-05-04T10:00:00Z"}"#,
    ]
    for sample in samples { _ = try Record(LineReader.Line(number: 1, bytes: Array(sample.utf8))) }
    let marks = ["{", "}", "[", "]", ",", ":", "\"", "\\u", "null", "7", "lobby", "true", "é", "\0", "\u{FEFF}"]
    for bytes in Garbage.of(samples, marks: marks) {
      do throws(Refusal) {
        _ = try Record(LineReader.Line(number: 1, bytes: bytes))
      } catch {
        #expect(!error.sentence.isEmpty)
      }
    }
  }

  @Test func `lines`() throws {
    for bytes in Garbage.of(["a\nb\r\n\nc", "\u{FEFF}{}\n"], marks: ["\n", "\r", "\u{FEFF}", "\0", "a"]) {
      var rest = bytes[...]
      let reader = LineReader { _ throws(LineReader.Failure) in
        defer { rest = rest.dropFirst(2) }
        return Array(rest.prefix(2))
      }
      var count = 0
      do throws(LineReader.Failure) {
        while try reader.next() != nil { count += 1 }
      } catch {
        #expect(error.reason.hasPrefix("it is "), "a file of another kind")
      }
      #expect(count <= bytes.count + 1)
    }
  }
}
