import Testing

@testable import IORuntime

@Suite("Waiting for a core")
struct CoreWaitTests {
  @Test("is much from a tenth of the time on, and counted anew each time")
  func share() {
    var wait = CoreWait()
    #expect(!wait.isMuch(at: 1_000) { 70_000_000 }, "nothing is known of before")
    #expect(!wait.isMuch(at: 1_050) { 74_900_000 })
    #expect(wait.isMuch(at: 1_100) { 79_900_000 })
    #expect(
      wait.isMuch(at: 1_149) {
        Issue.record("it was counted a moment ago"); return 0
      })
    #expect(!wait.isMuch(at: 1_150) { 79_900_000 })
  }

  @Test("is not much where it was last counted long ago, or is not counted")
  func unknown() {
    var wait = CoreWait()
    #expect(!wait.isMuch(at: 0) { 0 })
    #expect(!wait.isMuch(at: CoreWait.forgottenAfter) { 400_000_000 })
    #expect(!wait.isMuch(at: CoreWait.forgottenAfter + 50) { nil })
    #expect(wait.isMuch(at: CoreWait.forgottenAfter + 100) { 450_000_000 })
  }

  @Test("is what this kernel says of a thread, and never falls")
  func kernel() throws {
    let first = try #require(CoreWait.ofThisThread())
    #expect(first >= 0)
    #expect(try #require(CoreWait.ofThisThread()) >= first)
  }
}
