import Testing

@testable import Redis

@Suite("A command")
struct RedisCommandTests {
  @Test("is written as an array of bulk strings, with any bytes and empty ones")
  func format() {
    var command = RedisCommand("SET", "é")
    command.append([0, 13, 10, 255])
    command.append("")
    command.append("-7")
    var wire: [UInt8] = []
    #expect(command.format(into: &wire))
    let expected =
      Array("*5\r\n$3\r\nSET\r\n$2\r\né\r\n$4\r\n".utf8) + [0, 13, 10, 255] + Array("\r\n$0\r\n\r\n$2\r\n-7\r\n".utf8)
    #expect(wire == expected)
  }

  @Test("of nothing but an empty argument is written too")
  func empty() {
    var wire: [UInt8] = []
    #expect(RedisCommand("").format(into: &wire))
    #expect(wire == Array("*1\r\n$0\r\n\r\n".utf8))
  }
}
