import Testing

@testable import Redis

@Suite("A Redis URL")
struct RedisURLTests {
  @Test("names host, port, user, password, database and TLS")
  func parts() throws {
    let all = try RedisSettings(url: "rediss://ada:p%40s%3as@cache.example.org:7000/3")
    #expect(
      all
        == RedisSettings(host: "cache.example.org", port: 7000, user: "ada", password: "p@s:s", database: 3, tls: true))
    #expect(try RedisSettings(url: "redis://localhost") == RedisSettings(host: "localhost"))
    #expect(try RedisSettings(url: "redis://:secret@10.0.0.1/") == RedisSettings(host: "10.0.0.1", password: "secret"))
    #expect(try RedisSettings(url: "redis://[::1]:6380/0") == RedisSettings(host: "::1", port: 6380))
    #expect(try RedisSettings(url: "redis://[::1]") == RedisSettings(host: "::1"))
  }

  @Test("of a cluster names the nodes that are asked first")
  func cluster() throws {
    let settings = try RedisSettings(url: "rediss+cluster://ada:p%2Cs@10.0.0.1,[::1]:7001,c.example.org:7002")
    #expect(
      settings.seeds.map(\.description) == ["10.0.0.1:6379", "[::1]:7001", "c.example.org:7002"])
    #expect(settings.isCluster && settings.tls && settings.user == "ada" && settings.password == "p,s")
    #expect(settings.host == "10.0.0.1" && settings.port == 6_379 && settings.database == 0)
    #expect(settings.description == "rediss+cluster://10.0.0.1:6379,[::1]:7001,c.example.org:7002")
    #expect(try RedisSettings(url: "redis+cluster://h").seeds == [RedisAddress(host: "h", port: 6_379)])
    #expect(try RedisSettings(url: "redis://h").isCluster == false)
  }

  @Test("is shown without its password")
  func description() throws {
    #expect(try RedisSettings(url: "redis://a:b@[::1]:1/2").description == "redis://[::1]:1/2")
  }

  @Test(
    "that is wrong is refused with a sentence",
    arguments: [
      ("", "begins"), ("http://localhost", "begins"), ("redis://", "host"), ("redis://:6379", "host"),
      ("redis://h:0", "port"), ("redis://h:65536", "port"), ("redis://h:x", "port"), ("redis://h:+1", "port"),
      ("redis://h:", "port"), ("redis://h/x", "database"), ("redis://h/-1", "database"), ("redis://h/1/2", "database"),
      ("redis://h/99999999999999999999", "database"), ("redis://ada@h", "user:password"), ("redis://ada:@h", "empty"),
      ("redis://a:%4@h", "hexadecimal"), ("redis://a:%zz@h", "hexadecimal"), ("redis://::1", "brackets"),
      ("redis://h?db=1", "query"), ("redis://h h", "host"), ("redis://ho\0st", "host"),
      ("redis://a,b", "redis+cluster://"), ("redis+cluster://a/1", "database"), ("redis+cluster://a,", "host"),
      ("redis+cluster://a,,b", "host"), ("redis+cluster://a,b:0", "port"), ("redis+cluster://", "host"),
      ("redis+cluster://" + Array(repeating: "h", count: 65).joined(separator: ","), "64 hosts"),
    ])
  func wrong(url: String, word: String) {
    let error = #expect(throws: RedisURLError.self) { try RedisSettings(url: url) }
    #expect(error?.description.contains(word) == true)
  }
}
