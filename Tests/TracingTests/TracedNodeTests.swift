import Client
import HTTP1
import IORuntime
import JSONText
import TestKit
import Testing

/// A node with a collector, from outside.
@Suite("A node that is told of a collector", .serialized) struct TracedNodeTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let sender = "00f067aa0ba902b7"
  private static let planted = "a secret between ada and bob"

  private static func with(
    share: String, _ body: @escaping @Sendable (Collector, RESTClient, SocketAddress, EventLoop) async throws -> Void
  ) async throws {
    let collector = try await Collector()
    let node = try await DevNode.start(settings: [
      "MARTLET_OTLP_ENDPOINT": collector.url, "MARTLET_TRACE_SHARE": share, "MARTLET_DIALECTS": "pymessage",
    ])
    defer { node.end() }
    let (address, loop) = (node.address, collector.loop)
    try await withTaskExecutorPreference(loop) {
      try await body(collector, RESTClient(loop: loop, address: address), address, loop)
    }
  }

  private static func parent(_ flags: String) -> HeaderFields {
    ["traceparent": "00-\(trace)-\(sender)-\(flags)", "Content-Type": "application/json"]
  }

  private static func message(_ id: String) -> [UInt8] {
    Array("{\"text\":\"\(planted)\",\"client_message_id\":\"\(id)\"}".utf8)
  }

  @Test func `a request's span has the commit and the publishing below it, and tells no texts`() async throws {
    try await Self.with(share: "0") { collector, rest, _, loop in
      let ada = try await Account.open("ada", at: rest)
      let group: JSONValue = ["kind": "public", "title": "Birds"]
      let made = try await rest.done(.post, "/v1/conversations", group, token: ada.token)
      let path = "/v1/conversations/\(made["id"]?.integer ?? 0)/messages"
      // Neither those above, which say nothing, nor this one, which says no, is traced.
      _ = try await rest.raw(.post, path, Self.message("1"), Self.parent("00"), token: ada.token)
      let sent = try await rest.raw(
        .post, path + "?x=\(ada.token)", Self.message("2"), Self.parent("01"), token: ada.token)
      #expect(sent.status == 400)
      let again = try await rest.raw(.post, path, Self.message("3"), Self.parent("01"), token: ada.token)
      #expect(again.status == 201)
      let spans = try await collector.until { $0.count >= 4 }
      #expect(spans.map { $0["traceId"]?.string } == Array(repeating: Self.trace, count: 4))
      let roots = spans.filter { $0["parentSpanId"]?.string == Self.sender }
      #expect(roots.map { $0.facts["http.response.status_code"] } == ["400", "201"])
      let root = try #require(roots.last)
      #expect(root.name == "sendMessage" && root["kind"]?.integer == 2)
      #expect(root.facts["http.route"] == "/v1/conversations/{conversation}/messages")
      let parts = spans.filter { $0["parentSpanId"]?.string == root["spanId"]?.string }
      #expect(parts.map(\.name) == ["commit", "publish"] && parts.map { $0["kind"]?.integer } == [3, 4])
      let times = try (parts + [root]).map { span in
        (
          try #require(UInt64(span["startTimeUnixNano"]?.string ?? "")),
          try #require(UInt64(span["endTimeUnixNano"]?.string ?? ""))
        )
      }
      let inside = times[2].0...times[2].1
      #expect(times.allSatisfy { inside.contains($0.0) && inside.contains($0.1) && $0.0 <= $0.1 })
      #expect(!collector.text.contains(Self.planted) && !collector.text.contains(ada.token))
      // Counted when the answer has come back to the node, which may be later than the spans came to the collector.
      let counted = "martlet_spans_total{outcome=\"sent\"} 4\n"
      for _ in 0..<2_000 {
        if try await rest.text("/metrics").contains(counted) { break }
        await loop.sleep(10)
      }
      #expect(try await rest.text("/metrics").contains(counted))
    }
  }

  @Test func `operations of a socket, and a dialect's requests, belong to the trace of the request that began them`()
    async throws
  {
    try await Self.with(share: "0") { collector, rest, address, loop in
      let ada = try await Account.open("ada", at: rest)
      let made = try await rest.done(
        .post, "/v1/conversations", ["kind": "public", "title": "Birds"], token: ada.token)
      let socket = try await NativeSocket.open(
        loop: loop, address: address, token: ada.token, headers: Self.parent("01"))
      let data: JSONValue = ["conversation": made["id"] ?? .null, "text": .string(Self.planted)]
      _ = try await socket.request("message.send", data, deadline: 20_000)
      _ = try await socket.request("message.delete", ["message": 1], deadline: 20_000)
      let spans = try await collector.until { $0.count >= 4 }
      #expect(Set(spans.map { $0["traceId"]?.string }) == [Self.trace])
      let roots = spans.filter { $0["parentSpanId"]?.string == Self.sender }
      #expect(roots.map(\.name) == ["message.send", "message.delete"])
      #expect(roots.map { $0.facts["martlet.outcome"] } == ["ok", "message_not_found"])
      socket.close()
      _ = try await rest.raw(.get, "/dialects/pymessage/nowhere", [], Self.parent("01"), token: ada.token)
      let more = try await collector.until { $0.contains { $0.name.hasPrefix("pymessage") } }
      #expect(more.last?["traceId"]?.string == Self.trace)
      #expect(!collector.text.contains(Self.planted) && !collector.text.contains(ada.token))
    }
  }

  @Test func `of requests without a trace the share is traced, each in its own`() async throws {
    try await Self.with(share: "10000") { collector, rest, _, _ in
      for _ in 0..<3 { _ = try await rest.done(.get, "/v1/info") }
      let spans = try await collector.until { $0.count(where: { $0.name == "showInfo" }) == 3 }
      #expect(Set(spans.map { $0["traceId"]?.string }).count == 3)
      #expect(spans.allSatisfy { $0["parentSpanId"] == nil })
    }
  }
}
