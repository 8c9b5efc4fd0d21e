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

  @Test func `one that is lost as soon as it is had is told once`() {
    let written = WrittenLog()
    let (address, log) = (RedisAddress(host: "redis", port: 6379), RedisLog(written.logger))
    let (hear, other) = (log.observer("publishing"), log.observer("listening"))
    for _ in 0..<3 {
      hear(.connected(address))
      hear(.lost(address, .refused("READONLY You can't write.")))
    }
    other(.lost(address, .connectionLost))
    #expect(
      written.lines(4) == [
        "info redis connection=publishing change=connected to redis:6379",
        "warning redis connection=publishing change=lost redis:6379: refused: READONLY You can't write.",
        "info redis connection=publishing change=connected to redis:6379",
        "warning redis connection=listening change=lost redis:6379: closed by the other end",
      ])
  }

  /// The second loop's loss was not told, and with it that any of them was back.
  @Test func `that the connections of several loops are back is told once`() {
    let written = WrittenLog()
    let (address, log) = (RedisAddress(host: "redis", port: 6379), RedisLog(written.logger))
    let loops = [log.observer("publishing"), log.observer("publishing")]
    for hear in loops { hear(.connected(address)) }
    for hear in loops { hear(.lost(address, .connectionLost)) }
    for hear in loops { hear(.connected(address)) }
    let words = "redis connection=publishing change="
    #expect(
      written.lines(3) == [
        "info \(words)connected to redis:6379", "warning \(words)lost redis:6379: closed by the other end",
        "info \(words)connected to redis:6379",
      ])
  }

  @Test func `that it is back is told after an attempt that failed, though its loss was not told`() {
    let written = WrittenLog()
    let (address, log) = (RedisAddress(host: "redis", port: 6379), RedisLog(written.logger))
    let hear = log.observer("publishing")
    hear(.lost(address, .connectionLost))
    hear(.connected(address))
    hear(.lost(address, .connectionLost))
    hear(.failed(address, .unreachable("redis:6379: connect: Connection refused")))
    hear(.connected(address))
    let words = "redis connection=publishing change="
    #expect(
      written.lines(4) == [
        "warning \(words)lost redis:6379: closed by the other end", "info \(words)connected to redis:6379",
        "warning \(words)no connection to redis:6379: connect: Connection refused attempts=1",
        "info \(words)connected to redis:6379",
      ])
  }

  @Test func `what Redis refuses is told once a kind, and without what was sent to it`() {
    let written = WrittenLog()
    let address = RedisAddress(host: "redis", port: 6379)
    let hear = RedisLog(written.logger).observer("publishing")
    for _ in 0..<3 { hear(.refused(address, "OOM command not allowed when used memory > 'maxmemory'.")) }
    hear(.refused(address, "ERR unknown command 'SPUBLISH', with args beginning with: 'martlet:{a}c:1' 'secret'"))
    hear(.failed(address, .refused("ERR unknown command `AUTH`, with args beginning with: `ada`, `secret`, ")))
    let link = "connection=publishing change="
    #expect(
      written.lines(3) == [
        "warning redis refused \(link)redis:6379 refuses: OOM command not allowed when used memory > 'maxmemory'. "
          + "refusals=1",
        "warning redis refused \(link)redis:6379 refuses: ERR unknown command 'SPUBLISH', … refusals=1",
        "warning redis \(link)no connection to redis:6379: refused: ERR unknown command `AUTH`, … attempts=1",
      ])
  }
}
