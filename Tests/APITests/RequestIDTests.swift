import HTTP1
import Testing

@testable import API

@Suite struct RequestIDTests {
  @Test("an id is 24 characters of two numbers, five bits each; one that the request brings is kept")
  func ids() {
    var given: [UInt64] = [0, 31 << 55 | 1]
    let id = RequestID.of([:]) { given.removeFirst() }
    #expect(id == "aaaaaaaaaaaa" + "baaaaaaaaaa9")
    #expect(given.isEmpty)
    #expect(RequestID.of(["X-Request-ID": "mine-1234"]) { 0 } == "mine-1234")
    // Too short, or with what no id has.
    for refused in ["mine", "mine 1234", String(repeating: "m", count: 65)] {
      #expect(RequestID.of(["X-Request-ID": refused]) { 0 } == String(repeating: "a", count: 24))
    }
  }
}
