import TestKit
import Testing

@testable import Postgres

/// What no PostgreSQL answers, and no administrator writes: an error, and never a trap.
struct GarbageTests {
  @Test func `records`() throws {
    let one: [UInt8] = [0, 0, 0, 20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 20, 1]
    let text: [UInt8] = [0, 0, 0, 25, 0, 0, 0, 2, 0x68, 0x69]
    let samples: [[UInt8]] = [
      [0, 0, 0, 2] + one + text, [0, 0, 0, 1] + text, [0, 0, 0, 1, 0, 0, 0, 20, 255, 255, 255, 255], [0, 0, 0, 0],
    ]
    let whole = try samples[0].withUnsafeBytes { try Record($0) }
    #expect(try whole.optionalInt8(0) == 5_121 && whole.optionalText(1) == "hi")
    for bytes in Garbage.of(samples, marks: ["\0", "\0\0\0", "\u{14}", "\u{19}", "\u{7F}", "\0\0\u{4}\u{A0}"]) {
      guard let record = try? bytes.withUnsafeBytes({ try Record($0) }) else { continue }
      for field in [-1, 0, 1, 2, .max] {
        _ = (try? record.optionalInt8(field), try? record.optionalText(field), try? record.optionalTime(field))
      }
    }
    for moment in [.min, -1, 0, .max] as [Int64] { _ = Row.milliseconds(moment) }
  }

  @Test func `URLs`() throws {
    let samples = [
      "postgresql://u:p@a:1,b:2/db?load_balance_hosts=random&options=-c%20x", "host=a,b port=1,2 dbname=db",
      "postgres://",
    ]
    for bytes in Garbage.of(
      samples, marks: ["?", "&", "=", ",", ":", "@", "/", "%", "'", " ", "é", "port="], count: 500)
    {
      let url = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
      let settings = PostgresSettings(url: url)
      _ = (try? ConnectTarget.all(of: settings), try? settings.eachHost())
    }
    #expect(try ConnectTarget.all(of: PostgresSettings(url: samples[1])).count == 2)
  }
}
