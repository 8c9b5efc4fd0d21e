import Delivery
import EngineServing
import IORuntime
import Peering
import Realtime
import Serving

/// What one loop has counted, taken on it and handed to whoever asks for metrics.
struct LoopReport: Sendable {
  var serving: ServingCounts
  var requests: RequestCounts
  var delivery: DeliveryCounts
  var realtime: RealtimeCounts
  var engine: EngineCounts
  var peers: PeerCounts?
  var adapters: AdapterReport?
  var vitals: Vitals
}

/// How a loop does.
struct Vitals: Sendable {
  /// The longest tick in milliseconds since the last time that somebody asked.
  var longestTick: Int64
  /// Descriptors that it watches.
  var descriptors: Int

  init(_ loop: EventLoop) {
    longestTick = loop.vitals.takeLongestTick()
    descriptors = loop.vitals.descriptors
  }
}
