import ChatCore
import Testing

@Suite("The trace of a request")
struct TraceParentTests {
  static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  @Test(
    "is that of its traceparent, of later versions too",
    arguments: [
      "00-%-00f067aa0ba902b7-01",
      "01-%-00f067aa0ba902b7-00", "cc-%-00f067aa0ba902b7-01-what-comes-later",
    ])
  func taken(pattern: String) {
    #expect(TraceParent(pattern.replacing("%", with: Self.trace))?.trace == Self.trace)
  }

  @Test(
    "is none when the header is not as the specification says",
    arguments: [
      "", "00", "00-%", "ff-%-00f067aa0ba902b7-01", "00-%-0000000000000000-01", "00-%-00f067aa0ba902b7-01-more",
      "00-%-00F067AA0BA902B7-01", "00-%-00f067aa0ba902b-01", "0-%-00f067aa0ba902b7-01", "00-%x-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-%-00f067aa0ba902b7-0\u{301}",
    ])
  func refused(pattern: String) {
    #expect(TraceParent(pattern.replacing("%", with: Self.trace)) == nil)
  }

  @Test("is recorded by whom the lowest flag asks to")
  func sampled() {
    let flags = ["00": false, "01": true, "02": false, "03": true, "ff": true]
    for (flag, isSampled) in flags {
      let parent = TraceParent("00-\(Self.trace)-00f067aa0ba902b7-\(flag)")
      #expect(parent?.isSampled == isSampled && parent?.span == "00f067aa0ba902b7", "\(flag)")
    }
    #expect(TraceParent(nil) == nil)
  }
}
