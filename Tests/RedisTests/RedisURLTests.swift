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
    ])
  func wrong(url: String, word: String) {
    let error = #expect(throws: RedisURLError.self) { try RedisSettings(url: url) }
    #expect(error?.description.contains(word) == true)
  }
}
