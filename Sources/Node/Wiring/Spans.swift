import ChatCore
import Client
import Glibc
import IORuntime
import Tracing

/// Where spans come from and where they go, as the settings say.
extension ShareTracer {
  init(_ queue: SpanQueue, _ configuration: TracingConfiguration) {
    self.init(
      queue: queue, perTenThousand: configuration.share,
      clock: {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt64(clamping: time.tv_sec) &* 1_000_000_000 &+ UInt64(clamping: time.tv_nsec)
      }, random: { UInt64.random(in: 0...UInt64.max) })
  }
}

extension SpanSender {
  /// The sender to the collector that the settings name; nil when they name none.
  static func toCollector(_ parts: SharedParts, on loop: EventLoop) throws -> SpanSender? {
    let tracing = parts.configuration.tracing
    guard let queue = parts.spans, let place = tracing.endpoint.flatMap(ServicePlace.init(url:)) else { return nil }
    return try SpanSender(
      loop: loop, place: place, authorityFile: tracing.authorityFile, queue: queue,
      resource: [
        ("service.name", .text("martlet-\(parts.role.rawValue)")), ("service.version", .text(Version.text)),
        ("service.instance.id", .text(parts.node)),
      ]
    ) { [logger = parts.logger] fault in
      logger.warning("the collector of spans was away or refused", .text("fault", fault))
    }
  }
}
