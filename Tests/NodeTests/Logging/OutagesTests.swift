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
}
