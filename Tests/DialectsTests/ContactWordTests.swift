import ChatCore
import Testing

@testable import Dialects

@Suite struct ContactWordTests {
  @Test func `a word is read in any case and spelling`() {
    #expect(ContactWord("FRIEND") == .label(.friend))
    #expect(ContactWord("Last_Words") == .label(.lastWords) && ContactWord("LASTWORDS") == .label(.lastWords))
    #expect(ContactWord("blocked") == ContactWord("block") && ContactWord("unblocked") == .unblock)
    #expect(ContactWord("unfriend") == .label(.new) && ContactWord("lover") == nil)
  }
}
