import ChatCore
import IORuntime
import Serving
import Synchronization
import Tracing

/// Gathers what the loops have counted and writes it as one text, whichever loop is asked.
final class MetricsBoard: Sendable {
  private let nodes = Mutex<[LoopNode]>([])
  private let role: Role
  private let sink: LogSink
  private let rooms: Rooms
  private let readiness: Readiness
  private let connectionsMax: Int
  private let spans: SpanQueue?

  init(
    role: Role, sink: LogSink, rooms: Rooms, readiness: Readiness, connectionsMax: Int, spans: SpanQueue? = nil
  ) {
    self.spans = spans
    self.rooms = rooms
    self.readiness = readiness
    self.connectionsMax = connectionsMax
    self.role = role
    self.sink = sink
  }

  func show(_ nodes: [LoopNode]) { self.nodes.withLock { $0 = nodes } }

  /// The text, with the counts of all loops added up.
  func text() async -> String {
    var reports: [LoopReport] = []
    for node in nodes.withLock({ $0 }) {
      reports.append(
        await withCheckedContinuation { continuation in
          node.loop.execute { continuation.resume(returning: node.report) }
        })
    }
    var metrics = MetricsText()
    metrics.sample(
      "martlet_info", .gauge, "The version and role of the node.",
      [("version", Version.text), ("role", role.rawValue)], 1)
    metrics.sample("martlet_ready", .gauge, "1 while new clients may come.", [], readiness.isReady ? 1 : 0)
    metrics.sample(
      "martlet_connections_limit", .gauge, "Connections that the node takes.", [], Int64(connectionsMax))
    // Beside the time at which it is asked for it shows a clock that is wrong.
    metrics.sample(
      "martlet_time_seconds", .gauge, "The time by the machine's clock, as Unix has it.", [],
      milliseconds: SystemClock().now.milliseconds)
    metrics.write(process: ProcessVitals.now())
    metrics.write(serving: reports)
    metrics.write(requests: reports)
    metrics.write(delivery: reports)
    metrics.write(realtime: reports)
    metrics.write(engine: reports)
    metrics.write(peers: reports.compactMap(\.peers))
    metrics.write(adapters: reports.compactMap(\.adapters))
    metrics.write(redis: reports.compactMap(\.adapters?.redis))
    metrics.write(presence: reports.compactMap(\.adapters?.presence))
    metrics.write(list: reports.compactMap(\.adapters?.list))
    metrics.write(loops: reports, droppedLogLines: sink.dropped)
    if let spans { metrics.write(spans: spans.counts) }
    metrics.sample(
      "martlet_uploads_bytes", .gauge, "Bytes of files under way into the node, by what they announce.", [],
      Int64(rooms.uploads.taken))
    metrics.sample(
      "martlet_answers_bytes", .gauge, "Bytes of long answers that gather or wait for their readers.", [],
      Int64(rooms.answers.taken))
    return metrics.text
  }
}
