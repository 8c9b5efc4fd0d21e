import HTTP1
import IORuntime
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// Who is there, as other nodes tell it.
  struct PresenceTests {
    /// Ada on the second socket node watches Bob, who is on the first.
    private static func scene(_ stage: ClusterStage) async throws -> (ada: Watcher, bob: Account, token: String) {
      let (ada, bob) = (try await stage.account("ada"), try await stage.account("bob"))
      _ = try await stage.open(title: "presence", members: [ada, bob])
      let watcher = try await Watcher.open(stage, ada, at: stage.cluster.socket[1])
      try await watcher.watch(bob.user)
      try await watcher.hears("offline", within: 15_000)
      try await stage.client(bob, at: 0).goOnline()
      let took = try await watcher.hears("online", within: 15_000)
      print("presence: online after \(took) ms")
      return (watcher, bob, ada.token)
    }

    private static func asked(_ stage: ClusterStage, _ user: Int64, _ token: String) async throws -> JSONValue? {
      try await stage.api[1].done(.get, "/v1/presence?users=\(user)", token: token)["presence"]?[0]
    }

    @Test(arguments: RedisKind.allCases)
    func `who comes and goes on one node is seen on the others, by socket and by REST`(redis: RedisKind) async throws {
      let cluster = try await SharedCluster.healthy(on: redis)
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob, token) = try await Self.scene(stage)
        // An asking node knows the living ones of a second ago at the latest.
        let end = Stopwatch.now + 15_000_000
        var said: String?
        repeat {
          said = try await Self.asked(stage, bob.user, token)?["status"]?.string
          await stage.loop.sleep(20)
        } while said != "online" && Stopwatch.now < end
        #expect(said == "online")
        await stage.clients[0].goOffline()
        let took = try await ada.hears("offline", within: 15_000)
        print("presence: offline after \(took) ms")
        let now = try await Self.asked(stage, bob.user, token)
        #expect(now?["status"]?.string == "offline")
        #expect(now?["last_seen_at"]?.string != nil)
        let eve = try await stage.account("eve")
        #expect(try await Self.asked(stage, bob.user, eve.token) == nil)
      }
    }

    @Test(arguments: RedisKind.allCases)
    func `after kill -9 of a node its users are offline everywhere within 15 s`(redis: RedisKind) async throws {
      let cluster = try await SharedCluster.healthy(on: redis)
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob, token) = try await Self.scene(stage)
        // He does not come back by another node.
        async let gone: Void = stage.clients[0].goOffline()
        cluster.socket[0].kill9()
        await gone
        let took = try await ada.hears("offline", within: 15_000)
        print("presence: offline \(took) ms after kill -9")
        #expect(try await Self.asked(stage, bob.user, token)?["status"]?.string == "offline")
        try await cluster.socket[0].start()
      }
    }

    @Test(arguments: RedisKind.allCases)
    func `a node that is told to go takes its users off before its lease would run out`(redis: RedisKind) async throws {
      let cluster = try await SharedCluster.healthy(on: redis)
      try await ClusterStage.play(on: cluster) { stage in
        let (ada, bob, token) = try await Self.scene(stage)
        cluster.socket[0].term()
        async let gone: Void = stage.clients[0].goOffline()
        _ = await cluster.socket[0].waitForExit(8_000)
        await gone
        let took = try await ada.hears("offline", within: 5_000)
        print("presence: offline \(took) ms after the node's end")
        #expect(try await Self.asked(stage, bob.user, token)?["status"]?.string == "offline")
        try await cluster.socket[0].start()
      }
    }
  }
}

/// A socket that writes down what it is told of presence.
final class Watcher: @unchecked Sendable {
  private let stage: ClusterStage
  private var socket: NativeSocket?
  private var heard: [String] = []

  private init(_ stage: ClusterStage) { self.stage = stage }

  static func open(_ stage: ClusterStage, _ account: Account, at node: NodeProcess) async throws -> Watcher {
    let watcher = Watcher(stage)
    let socket = try await NativeSocket.open(loop: stage.loop, address: node.address) { [weak watcher] frame in
      if frame["t"]?.string == "presence" { watcher?.heard.append(frame["d"]?["status"]?.string ?? "?") }
    }
    watcher.socket = socket
    #expect(try await socket.request("auth", ["token": .string(account.token)]).code == nil)
    return watcher
  }

  func watch(_ user: Int64) async throws {
    #expect(try await socket?.request("presence.watch", ["users": [.integer(user)]]).code == nil)
  }

  /// Waits until that is what it heard last; how long it took in milliseconds.
  @discardableResult
  func hears(_ status: String, within milliseconds: Int64) async throws -> Int64 {
    let start = Stopwatch.now
    let came = await Stopwatch.wait(milliseconds) { heard.last == status }
    #expect(came, "\(status) within \(milliseconds) ms: \(heard)")
    return (Stopwatch.now - start) / 1_000
  }
}
