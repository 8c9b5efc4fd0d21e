import ChatCore
import Client
import IORuntime
import JSONText
import Synchronization
import Testing

@testable import Tracing

@Suite("Spans on their way to a collector") struct SpanSenderTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  private final class Desk: Sendable {
    let queue = SpanQueue()
    let loop: EventLoop
    let sender: SpanSender
    let reports: Reports

    init(_ place: ServicePlace) throws {
      let loop = try EventLoop(name: "spans")
      let reports = Reports()
      self.loop = loop
      self.reports = reports
      sender = try SpanSender(
        loop: loop, place: place, queue: queue,
        resource: [("service.name", .text("martlet-api")), ("service.instance.id", .text("a \"quoted\" name"))]
      ) { report in reports.all.withLock { $0.append(report) } }
      try loop.start()
    }

    deinit { loop.stop() }

    func add(_ count: Int) {
      for number in 0..<count {
        queue.add(
          TraceSpan(
            trace: SpanSenderTests.trace, id: "00f067aa0ba902b7", parent: number == 0 ? nil : "b7ad6b7169203331",
            name: "sendMessage", kind: number == 0 ? .server : .client, begun: 1_763_700_000_123_456_789,
            ended: 1_763_700_000_223_456_789, facts: [("http.response.status_code", .number(503))],
            hasFailed: number == 0))
      }
    }

    func finish() async {
      await withCheckedContinuation { continuation in
        loop.execute { self.sender.finish { continuation.resume() } }
      }
    }
  }

  private final class Reports: Sendable {
    let all = Mutex<[String]>([])
  }

  @Test func `they arrive in the shape of the protocol: ids in hexadecimal, long numbers as texts`() async throws {
    let collector = try await Collector()
    let desk = try Desk(collector.place)
    desk.add(2)
    await desk.finish()
    let request = try #require(try collector.requests().first)
    let resource = request["resourceSpans"]?.array?.first?["resource"]
    #expect(resource?.facts == ["service.name": "martlet-api", "service.instance.id": "a \"quoted\" name"])
    #expect(
      try collector.spans().map(\.text) == [
        """
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","name":"sendMessage","kind":2,\
        "startTimeUnixNano":"1763700000123456789","endTimeUnixNano":"1763700000223456789","attributes":\
        [{"key":"http.response.status_code","value":{"intValue":"503"}}],"status":{"code":2}}
        """,
        """
        {"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","parentSpanId":"b7ad6b7169203331",\
        "name":"sendMessage","kind":3,"startTimeUnixNano":"1763700000123456789",\
        "endTimeUnixNano":"1763700000223456789","attributes":\
        [{"key":"http.response.status_code","value":{"intValue":"503"}}]}
        """,
      ])
    #expect(desk.queue.counts.sent == 2)
  }

  @Test func `a batch that a busy collector refuses is sent again, and once only`() async throws {
    let collector = try await Collector([503, 429])
    let desk = try Desk(collector.place)
    desk.add(3)
    desk.loop.execute { desk.sender.start() }
    let spans = try await collector.until { !$0.isEmpty }
    #expect(spans.count == 3)
    await desk.finish()
    #expect(try collector.spans().count == 3)
    #expect(desk.queue.counts.sent == 3 && desk.queue.counts.failed == 0)
  }

  @Test func `what a collector does not take at all is given up, counted and reported`() async throws {
    let collector = try await Collector([400])
    let desk = try Desk(collector.place)
    desk.add(3)
    await desk.finish()
    #expect(desk.queue.counts.failed == 3 && desk.queue.counts.waiting == 0)
    #expect(desk.reports.all.withLock { $0 } == ["3 spans: answered 400"])
  }

  @Test func `a queue that nobody empties drops what is more, and counts it`() async throws {
    let nowhere = try #require(ServicePlace(url: "http://127.0.0.1:1"))
    let desk = try Desk(nowhere)
    desk.add(SpanQueue.spansMax + 7)
    #expect(desk.queue.counts.waiting == SpanQueue.spansMax && desk.queue.counts.dropped == 7)
    await desk.finish()
    #expect(desk.queue.counts.sent == 0 && desk.queue.counts.failed == SpanSender.batchMax)
  }

  @Test func `many are sent by batches, all of them before the node ends`() async throws {
    let collector = try await Collector()
    let desk = try Desk(collector.place)
    desk.add(2 * SpanSender.batchMax + 1)
    await desk.finish()
    #expect(try collector.requests().count == 3)
    #expect(desk.queue.counts.sent == 2 * SpanSender.batchMax + 1)
  }
}
