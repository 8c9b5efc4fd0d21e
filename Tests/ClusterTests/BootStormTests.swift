import Client
import HTTP1
import IORuntime
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// F31: everybody comes back at once, and Redis has forgotten everything.
  struct BootStormTests {
    private static let sockets = 2_000
    private static let messages = 20

    @Test func `F31: a crowd that comes back at once asks PostgreSQL a bounded number of statements, then none`()
      async throws
    {
      // A balancer's address: connections from it are not counted.
      let settings = ["MARTLET_LOOPS": "1", "MARTLET_TRUSTED_PROXIES": "127.0.0.1/32"]
      let cluster = try await LocalCluster.start(api: 1, socket: 1, settings: settings)
      defer { cluster.end() }
      try await ClusterStage.play(on: cluster) { stage in
        var people: [Account] = []
        for number in 0..<20 { people.append(try await stage.account("user\(number)")) }
        for room in 0..<30 {
          _ = try await stage.open(title: "room", members: (0..<8).map { people[(room * 7 + $0 * 3) % 20] })
        }
        let heard = Heard()
        let first = try await Self.crowd(stage, people, heard)
        let before = try await Self.cost(stage, heard)
        for socket in first { socket.cut() }
        try await cluster.redis.restart()
        cluster.socket[0].kill9()
        try await cluster.socket[0].start()

        let idle = try await Self.statements(stage)
        let again = try await Self.crowd(stage, people, heard)
        let storm = try await Self.statements(stage)
        await stage.loop.sleep(3_000)
        let calm = try await Self.statements(stage)
        print(
          "F31: \(Self.sockets) resumes:", storm.point - idle.point, "statements of one bucket,",
          storm.asked - idle.asked, "questions to many in", storm.scatter - idle.scatter, "statements; then in 3 s",
          calm.point - storm.point, "and", calm.scatter - storm.scatter)
        #expect(storm.point - idle.point <= 4 * Self.sockets, "statements of one bucket for each resume")
        #expect(storm.scatter - idle.scatter <= Self.sockets / 4, "statements over many buckets")
        #expect(calm.point - storm.point <= 20, "nothing goes on after the load")
        #expect(again.allSatisfy { $0.end == nil })
        let after = try await Self.cost(stage, heard)
        print("F31: \(Self.messages) messages cost \(before) statements before, and \(after) after it")
        #expect(after < before + Self.messages, "a message costs what it did before")
        for socket in again { socket.cut() }
      }
    }

    /// A hundred devices of each connect, sixteen at a time since handshakes are not what is looked at; then all resume
    /// at once.
    private static func crowd(
      _ stage: ClusterStage, _ people: [Account], _ heard: Heard
    ) async throws -> [NativeSocket] {
      let address = stage.cluster.socket[0].address
      var crowd: [NativeSocket] = []
      while crowd.count < sockets {
        crowd += try await withThrowingTaskGroup(of: NativeSocket.self) { group in
          for number in crowd.count..<min(crowd.count + 16, sockets) {
            let token = people[number % people.count].token
            group.addTask {
              try await NativeSocket.open(loop: stage.loop, address: address, token: token) { heard.hear($0) }
            }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for socket in crowd {
          group.addTask {
            guard case .ok(let answer) = try await socket.request("resume", deadline: 30_000) else {
              throw CallFailure("a resume was refused")
            }
            #expect(answer["heads"]?.object?.entries.isEmpty == false)
          }
        }
        try await group.waitForAll()
      }
      return crowd
    }

    /// How many statements of one bucket twenty messages in a room of eight cost the socket node, until each of a
    /// hundred devices of each has heard them.
    private static func cost(_ stage: ClusterStage, _ heard: Heard) async throws -> Int {
      let (room, members) = try #require(stage.conversations.first)
      let wanted = heard.messages + messages * members.count * sockets / 20
      let before = try await statements(stage)
      for number in 0..<messages {
        _ = try await stage.api[0].done(
          .post, "/v1/conversations/\(room)/messages", ["text": .string("\(number)")], token: members[0].token)
      }
      #expect(await Stopwatch.wait(30_000) { heard.messages >= wanted }, "\(heard.messages) of \(wanted)")
      return try await statements(stage).point - before.point
    }

    /// What all devices together hear.
    private final class Heard: @unchecked Sendable {
      private(set) var messages = 0

      func hear(_ frame: JSONValue) { if frame["t"]?.string == "message.created" { messages += 1 } }
    }

    private struct Statements {
      var point = 0
      var scatter = 0
      var asked = 0
    }

    /// What the socket node has asked of PostgreSQL so far.
    private static func statements(_ stage: ClusterStage) async throws -> Statements {
      var statements = Statements()
      let node = RESTClient(loop: stage.loop, address: stage.cluster.socket[0].address)
      for line in try await node.text("/metrics").split(separator: "\n") {
        let words = line.split(separator: " ")
        guard words.count == 2, let count = Int(words[1]) else { continue }
        switch words[0] {
        case "martlet_database_statements_total": statements.point = count
        case "martlet_scatter_statements_total": statements.scatter = count
        case "martlet_scatter_questions_total": statements.asked = count
        default: break
        }
      }
      return statements
    }
  }
}
