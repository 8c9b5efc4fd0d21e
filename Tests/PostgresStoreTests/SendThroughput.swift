import ChatCore
import Glibc
import IORuntime
import PostgresStore
import TestKit
import Testing

/// Not a test of time: prints what the lanes carry on this machine, when asked by `MARTLET_MEASURE=1`.
@Suite("Send throughput", .enabled(if: getenv("MARTLET_MEASURE") != nil), .serialized)
struct SendThroughput {
  @Test("messages per second", arguments: [(1, 1), (1, 64), (1, 512), (20, 20), (20, 512), (400, 512)])
  func measure(conversations: Int, senders: Int) async throws {
    let server = try await PrivatePostgres.start(settings: ["fsync=on"])
    defer { server.end() }
    try await Database.with(on: server) { database in
      try await withTaskExecutorPreference(database.loop) {
        let cast = try await Cast.gather(in: database.underTest)
        var rooms: [ConversationID] = []
        for _ in 0..<conversations { rooms.append(try await cast.group().id) }
        let begin = EventLoop.monotonicMilliseconds()
        let end = begin + 5_000
        let (stored, slowest) = try await withThrowingTaskGroup(of: (Int, Int64).self) { group in
          for sender in 0..<senders {
            group.addTask { [rooms] in
              var (count, slowest) = (0, Int64(0))
              while case let start = EventLoop.monotonicMilliseconds(), start < end {
                let room = rooms[(sender &+ count) % rooms.count]
                let text = "message \(count) of sender \(sender), about as long as people write"
                try await cast.say(text, by: cast.ada, in: room, clientMessageID: "\(sender)-\(count)")
                count += 1
                slowest = max(slowest, EventLoop.monotonicMilliseconds() - start)
              }
              return (count, slowest)
            }
          }
          return try await group.reduce((0, 0)) { ($0.0 + $1.0, max($0.1, $1.1)) }
        }
        let took = Double(EventLoop.monotonicMilliseconds() - begin) / 1000
        let counters = await database.sendCounters
        let perBatch = Double(counters.stored) / Double(max(1, counters.batches))
        print(
          "\(conversations) conversations, \(senders) senders: \(Int(Double(stored) / took)) messages/s,",
          "\(Int(perBatch * 10)) in ten batches of \(counters.transactions) transactions, slowest \(slowest) ms")
      }
    }
  }
}
