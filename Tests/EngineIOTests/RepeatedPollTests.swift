import EngineIO
import Testing

/// Requests that an HTTP library has repeated by itself.
@Suite struct RepeatedPollTests {
  @Test("a body that comes again is taken once; another stamp, another body, or no stamp is another one")
  func bodies() {
    var session = SessionMachine(version: .v4, isSocket: false, limits: EngineLimits(), at: 1000)
    func mark(_ stamp: String?, _ body: String) -> BodyMark? { BodyMark(stamp: stamp, body: Array(body.utf8)) }
    for mark in [mark("a", "4x"), mark("b", "4x"), mark("b", "4y"), mark(nil, "4y"), mark(nil, "4y"), mark("b", "4y")] {
      #expect(session.postArrived(mark: mark, at: 1001) == .take)
    }
    #expect(session.postArrived(mark: mark("b", "4y"), at: 1002) == .repeated)
    #expect(session.pollArrived(stamp: "b", at: 1002) == .wait)
    #expect(session.postArrived(mark: mark("b", "4y"), at: 1003) == .repeated)
    #expect(session.received(.close, at: 1004) != .nothing)
    #expect(session.postArrived(mark: mark("b", "4y"), at: 1005) == .refuse(.unknownSession))
  }

  @Test("a poll that comes again has lost its answer: the session is over; another stamp, or none, is another poll")
  func repeated() {
    var session = SessionMachine(version: .v4, isSocket: false, limits: EngineLimits(), at: 1000)
    for stamp in ["a", "b", nil, nil, "b"] {
      #expect(session.send(.text([0x61])) == .flush)
      #expect(session.pollArrived(stamp: stamp, at: 1001) == .answer([.text([0x61])]))
    }
    #expect(session.pollArrived(stamp: "b", at: 1002) == .over(.init(reason: .transportLost, pollAnswer: nil)))
    #expect(session.pollArrived(stamp: "c", at: 1003) == .refuse(.unknownSession))
    var pending = SessionMachine(version: .v4, isSocket: false, limits: EngineLimits(), at: 1000)
    #expect(pending.pollArrived(stamp: "a", at: 1001) == .wait)
    #expect(pending.pollArrived(stamp: "a", at: 1002) == .overlap(.init(reason: .overlap, pollAnswer: [.close])))
  }

  @Test("a request's stamp is what the client says, unless it says nothing or too much")
  func stamps() throws {
    func stamp(_ text: String?) throws -> String? {
      let query = ["EIO": "4", "transport": "polling", "sid": "a", "t": text]
      return try EngineRequest(method: "GET", asksUpgrade: false, versions: [.v4]) { query[$0] ?? nil }.stamp
    }
    #expect(try stamp("1763733791.25") == "1763733791.25")
    #expect(try stamp(String(repeating: "t", count: 64)) != nil)
    for text in [nil, "", String(repeating: "t", count: 65)] { #expect(try stamp(text) == nil) }
    // Seconds are shared by all requests of a second; milliseconds, and letters of any kind, by none.
    for text in ["1763733791", "7", "0000000000"] { #expect(try stamp(text) == nil) }
    for text in ["1763733791250", "PfQ0a1z", "1763733791.", "-1"] { #expect(try stamp(text) == text) }
  }
}
