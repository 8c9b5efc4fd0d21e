import ChatCore
import JSONText
import Testing
import Tokens

@testable import Dialects

@Suite struct VoiceTests {
  @Test(arguments: [
    (TimeForm.zulu, "2023-12-25T10:30:00.123Z"), (.microseconds, "2023-12-25T10:30:00.123000"),
    (.spaced, "2023-12-25 10:30:00"), (.rfc1123, "Mon, 25 Dec 2023 10:30:00 GMT"),
  ])
  func `a moment is written in the dialect's form`(form: TimeForm, expected: String) {
    #expect(form.text(Timestamp(milliseconds: 1_703_500_200_123)) == expected)
  }
}
