import Redis
import Testing

@testable import Node

@Suite struct OutagesTests {
  @Test func `of an outage the first failed attempt is told, then one in ten seconds with how many there were`() {
    let (one, other) = (RedisAddress(host: "a", port: 1), RedisAddress(host: "b", port: 1))
    var outages = Outages<RedisAddress>()
    var told = (0..<200).compactMap { outages.failed(one, at: $0 * 100) }
    #expect(told == [1, 100])
    #expect(outages.failed(other, at: 19_900) == 1)
    outages.connected(one)
    told = (200..<220).compactMap { outages.failed(one, at: $0 * 100) }
    #expect(told == [1])
  }

  /// A bug once: a SQLSTATE has no "connected", so the end of a burst was told a day later with the next refusal.
  @Test func `what nobody calls over is over after half a minute without a failure`() {
    var outages = Outages<String>()
    #expect((0..<500).compactMap { outages.failed("57014", at: $0 * 10) } == [1])
    #expect(outages.failed("57014", at: 4_990 + 29_999) == 500)
    #expect((0..<400).compactMap { outages.failed("57014", at: 40_000 + $0 * 10) } == [])
    #expect(outages.failed("57014", at: 86_400_000) == 1)
  }
}
