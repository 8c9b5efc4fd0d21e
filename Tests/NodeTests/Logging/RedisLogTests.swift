import Redis
import Testing

@testable import Node

@Suite("What the log says of Redis")
struct RedisLogTests {
  /// They were told at level info, so that `select(.level != "info")` showed a cluster without Redis as one in order.
  @Test func `that Redis is away is a warning, that it is back is none`() {
    let written = WrittenLog()
    let address = RedisAddress(host: "redis", port: 6379)
    let hear = RedisLog(written.logger).observer("listening")
    hear(.lost(address, .connectionLost))
    hear(.failed(address, .unreachable("redis:6379: connect: Connection refused")))
    hear(.connected(address))
    hear(.silent(address, .timedOut))
    let link = "connection=listening change="
    #expect(
      written.lines(4) == [
        "warning redis \(link)lost redis:6379: closed by the other end",
        "warning redis \(link)no connection to redis:6379: connect: Connection refused attempts=1",
        "info redis \(link)connected to redis:6379",
        "warning redis \(link)redis:6379 does not tell the cluster's slots: no answer in time",
      ])
  }
}
