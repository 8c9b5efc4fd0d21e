import Client
import HTTP1
import IORuntime
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// What a supervisor does with a node: it asks whether it lives, has it step aside, ends it.
  struct AsideTests {
    @Test
    func `a node that has stepped aside has sent its clients away, lives on, and ends at once when it is told to`()
      async throws
    {
      let cluster = try await SharedCluster.healthy()
      let node = cluster.socket[0]
      let beside = ["MARTLET_LISTEN": "\(node.address)"]
      #expect(try await cluster.command(["doctor", "--live"], settings: beside).exitCode() == 0)
      #expect(try await cluster.command(["doctor", "--ready"], settings: beside).exitCode() == 0)
      try await ClusterStage.play(on: cluster) { stage in
        let people = [try await stage.account("ada"), try await stage.account("bob")]
        _ = try await stage.open(title: "room", members: people)
        for account in people { try await stage.client(account, at: 0).goOnline() }
        async let load: Void = Load(count: 300, perSecond: 100).run(on: stage)
        let drain = try cluster.command(["drain", "--wait", "--pid", String(node.pid)], settings: beside)
        #expect(try await drain.exitCode() == 0, "\(drain.output)")
        await load
        #expect(try await stage.converge(within: 5_000))
        #expect(try await stage.check().broken() == [])
        for client in stage.clients { #expect(client.ends.first?.code == 4000) }
        let asked = HTTPClient(loop: stage.loop, address: node.address)
        #expect(try await asked.call(.get, "/readyz").status == 404)
        #expect(try await asked.call(.get, "/healthz").status == 200)
        asked.close()
      }
      #expect(try await cluster.command(["doctor", "--ready"], settings: beside).exitCode() == 1)
      node.term()
      #expect(await node.waitForExit(3_500) == .code(0), "\(node.logTail())")
      try await node.start()
    }

    @Test func `an api node describes the socket too`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let asked = HTTPClient(loop: stage.loop, address: cluster.api[0].address)
        defer { asked.close() }
        let answer = try await asked.call(.get, "/asyncapi.json")
        let document = try JSONValue(parsing: answer.body)
        #expect(answer.status == 200 && document["asyncapi"] == "3.0.0")
        #expect(document["operations"]?["messageSend"]?["action"] == "receive")
        let info = try JSONValue(parsing: try await asked.call(.get, "/v1/info").body)
        #expect(document["info"]?["version"] == info["version"])
      }
    }

    @Test func `with a door for probes, metrics are there and no longer at the clients'`() async throws {
      let port = try PrivatePostgres.freePort()
      let node = try await DevNode.start(settings: ["MARTLET_PROBE_LISTEN": "127.0.0.1:\(port)"])
      defer { node.end() }
      for path in ["/healthz", "/readyz"] {
        #expect(await Probe.status(node.address, path) == 200)
        #expect(await Probe.status(.ip(host: "127.0.0.1", port: port), path) == 200)
      }
      #expect(await Probe.status(.ip(host: "127.0.0.1", port: port), "/metrics") == 200)
      #expect(await Probe.status(.ip(host: "127.0.0.1", port: port), "/v1/info") == 404)
      #expect(await Probe.status(node.address, "/metrics") == 404)
    }
  }
}
