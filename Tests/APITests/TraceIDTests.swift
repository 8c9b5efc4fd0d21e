import HTTP1
import Testing

@testable import API

@Suite("The trace of a request")
struct TraceIDTests {
  static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  @Test(
    "is that of its traceparent, of later versions too",
    arguments: [
      "00-%-00f067aa0ba902b7-01",
      "01-%-00f067aa0ba902b7-00", "cc-%-00f067aa0ba902b7-01-what-comes-later",
    ])
  func taken(pattern: String) {
    #expect(TraceID.of(["Traceparent": pattern.replacing("%", with: Self.trace)]) == Self.trace)
  }

  @Test(
    "is none when the header is not as the specification says",
    arguments: [
      "", "00", "00-%", "ff-%-00f067aa0ba902b7-01", "00-%-0000000000000000-01", "00-%-00f067aa0ba902b7-01-more",
      "00-%-00F067AA0BA902B7-01", "00-%-00f067aa0ba902b-01", "0-%-00f067aa0ba902b7-01", "00-%x-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-%-00f067aa0ba902b7-0\u{301}",
    ])
  func refused(pattern: String) {
    #expect(TraceID.of(["traceparent": pattern.replacing("%", with: Self.trace)]) == nil)
  }
}
