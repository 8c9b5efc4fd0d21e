import ChatCore
import Client
import HTTP1
import IORuntime

/// Sends what the queue holds to a collector, by OTLP over HTTP in JSON.
///
/// A batch that a collector is too busy for, or that did not reach it, is sent again, more and more slowly; others are
/// given up and counted. Requests of clients never wait for it.
///
/// - Limits: ``batchMax`` spans a request, one request under way, ``triesMax`` tries a batch.
/// - Isolation: its loop.
/// - Source: OpenTelemetry protocol, "OTLP/HTTP": `POST <endpoint>/v1/traces`; 429, 502, 503 and 504 may be repeated.
public final class SpanSender: @unchecked Sendable {
  /// Spans of a request: 512, some 200 kB.
  static let batchMax = 512
  /// Tries of a batch: 4, the last one seven seconds after the first.
  static let triesMax = 4
  /// Between two looks at the queue.
  static let interval: Int64 = 1_000
  /// For one request.
  static let deadline: Int64 = 5_000
  /// What the last batches may take when the node ends.
  static let farewell: Int64 = 1_500

  private let loop: EventLoop
  private let client: HTTPClient
  private let path: String
  private let queue: SpanQueue
  private let resource: [(name: String, value: TraceSpan.Fact)]
  private let report: @Sendable (String) -> Void
  private var batch: [TraceSpan] = []
  private var tries = 0
  private var isUnderWay = false
  private var waiting: Int64 = 0
  private var finished: (() -> Void)?

  /// A sender to the collector at that place.
  ///
  /// - Parameters:
  ///   - resource: who we are, by the names of OpenTelemetry's conventions.
  ///   - report: is told of each batch that is given up.
  /// - Throws: ``TLSError`` that names the authorities' file when it cannot be read.
  public init(
    loop: EventLoop, place: ServicePlace, authorityFile: String? = nil, queue: SpanQueue,
    resource: [(name: String, value: TraceSpan.Fact)], report: @escaping @Sendable (String) -> Void
  ) throws(TLSError) {
    self.loop = loop
    client = HTTPClient(
      loop: loop, address: .ip(host: place.host, port: place.port), host: place.hostField,
      tls: place.isSecure ? try TLSClient(authorityFile: authorityFile) : nil)
    path = place.path + "/v1/traces"
    self.queue = queue
    self.resource = resource
    self.report = report
  }

  /// Looks at the queue from now on.
  public func start() {
    loop.schedule(after: SpanSender.interval) { [weak self] in self?.look() }
  }

  /// Sends what is left, as far as there is time, and then says so once.
  public func finish(_ done: @escaping () -> Void) {
    finished = done
    waiting = 0
    loop.schedule(after: SpanSender.farewell) { [weak self] in self?.end() }
    send()
  }

  private func end() {
    guard let finished else { return }
    self.finished = nil
    client.close()
    finished()
  }

  private func look() {
    waiting -= SpanSender.interval
    if waiting <= 0 { send() }
    start()
  }

  private func send() {
    guard !isUnderWay else { return }
    if batch.isEmpty {
      batch = queue.take(SpanSender.batchMax)
      tries = 0
    }
    guard !batch.isEmpty else { return end() }
    isUnderWay = true
    let body = SpanText.request(batch, resource: resource)
    loop.spawn { [self] in
      var outcome: (isRepeatable: Bool, fault: String)?
      do throws(CallFailure) {
        let reply = try await client.call(
          .post, path, headers: ["Content-Type": "application/json"], body: body, deadline: SpanSender.deadline)
        if !(200..<300).contains(reply.status) {
          outcome = ([429, 502, 503, 504].contains(reply.status), "answered \(reply.status)")
        }
      } catch {
        outcome = (true, "\(error)")
      }
      answered(outcome)
    }
  }

  private func answered(_ outcome: (isRepeatable: Bool, fault: String)?) {
    isUnderWay = false
    tries += 1
    if let outcome, outcome.isRepeatable, tries < SpanSender.triesMax, finished == nil {
      waiting = SpanSender.interval << (tries - 1)
      return
    }
    if let outcome {
      queue.failed(batch.count)
      report("\(batch.count) spans: \(outcome.fault)")
    } else {
      queue.sent(batch.count)
    }
    batch = []
    // Another one at once, as long as they are full: the queue must not grow faster than it is emptied.
    if outcome == nil, finished != nil || queue.counts.waiting >= SpanSender.batchMax { return send() }
    if finished != nil { end() }
  }
}
