import Glibc
import TestKit
import Testing

@Suite("The Redis of a test's own")
struct PrivateRedisTests {
  @Test func `one that never starts leaves no directory behind`() throws {
    // Its log is begun under this name before the server finds that it has no such address.
    let log = "never-started-\(UInt64.random(in: 0 ... .max)).log"
    #expect(throws: PrivateRedis.Failure.self) {
      try PrivateRedis(options: ["--bind", "203.0.113.1", "--logfile", log])
    }
    #expect(directories(with: log) == 0)
    let redis = try PrivateRedis(options: ["--logfile", log])
    #expect(directories(with: log) == 1, "the server does write it")
    redis.end()
    #expect(directories(with: log) == 0)
    redis.end()
  }

  private func directories(with file: String) -> Int {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob("/tmp/martlet-redis-*/\(file)", 0, nil, &found) == 0 else { return 0 }
    return Int(found.gl_pathc)
  }
}
