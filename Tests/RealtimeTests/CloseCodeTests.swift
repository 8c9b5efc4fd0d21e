import Testing

@testable import Realtime

@Suite struct CloseCodeTests {
  @Test func `the range says what the client is to do`() {
    for code in CloseCode.allCases {
      let expected: CloseCode.Advice =
        switch code.rawValue / 100 {
        case 40: .resume
        case 41: .startFresh
        default: .stayAway
        }
      #expect(code.advice == expected)
      #expect((4000...4999).contains(code.rawValue))
    }
  }

  @Test func `a reason fits into a close frame`() {
    for code in CloseCode.allCases {
      #expect(code.reason(retryAfter: .max).count <= 123)
    }
    #expect(
      String(decoding: CloseCode.draining.reason(retryAfter: 1_234), as: UTF8.self)
        == #"{"code":"draining","retry_after_ms":1234}"#)
    #expect(
      String(decoding: CloseCode.signedOut.reason(retryAfter: nil), as: UTF8.self) == #"{"code":"signed_out"}"#)
  }
}
