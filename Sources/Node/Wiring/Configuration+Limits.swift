import ChatCore
import Delivery
import EngineIO
import EngineServing
import HTTP1
import Realtime
import Serving
import SocketIO

/// The limits of each module as the settings have them.
extension Configuration {
  var deliveryLimits: DeliveryLimits {
    var limits = DeliveryLimits()
    limits.sendQueueBytesMax = intake.sendQueueBytes
    limits.resumeEntriesMax = Int64(shared.limits.resumeEntriesMax)
    return limits
  }

  var realtimeLimits: RealtimeLimits {
    var limits = RealtimeLimits()
    limits.authWithin = intake.authTime
    limits.heartbeatEvery = shared.heartbeat
    limits.heartbeatGrace = shared.heartbeatTimeout
    limits.frameBytesMax = intake.frameBytes
    limits.inFlightMax = intake.operationsInFlight
    return limits
  }

  /// Socket.IO at ``SocketIOTransport/path``. What waits is the hub's to judge; Engine.IO's own limit lies beyond its.
  var engineSettings: EngineDoorSettings {
    let limits = EngineLimits(
      pingInterval: intake.pingInterval, pingTimeout: intake.pingTimeout, maxPayload: intake.payloadBytes,
      queueBytesMax: intake.sendQueueBytes * deliveryLimits.sendQueueBurst + intake.payloadBytes)
    var policy = crossOrigin
    policy.methods = [.get, .post]
    policy.allowsCredentials = true
    return EngineDoorSettings(limits: limits, crossOrigin: policy, mount: "native")
  }

  var socketIOLimits: SocketLimits { SocketLimits(connectTimeout: intake.authTime, namespacesMax: 2) }

  /// Files that are no client's: listeners, the log, connections to other nodes, and of each loop those to PostgreSQL
  /// and, sixteen with what a loop is made of, to Redis. Without them a full node whose database has failed over would
  /// find no way to the new one.
  private func filesReserved(loops: Int) -> Int64 {
    let replicas = (try? replicaSettings().count) ?? 0
    let eachLoop =
      database.connectionsPerLoop + database.scatterConnections + replicas * database.replicaConnections + 16
    return Int64(max(256, 128 + loops * eachLoop))
  }

  /// With no more connections than the process may open files, so that one too many is turned away with an answer.
  func within(files: Int64, loops: Int) -> Configuration {
    var fitting = self
    let files = Int(clamping: max(1, files - filesReserved(loops: loops)))
    fitting.intake.files = files
    fitting.intake.connections = min(intake.connections, files)
    return fitting
  }

  /// Connections are the node's; each loop gets its part, and a little more since the kernel spreads them by chance.
  func servingLimits(loops: Int) -> ServingLimits {
    var limits = ServingLimits()
    let share = loops == 1 ? intake.connections : intake.connections / loops * 5 / 4
    limits.connectionsMax = max(1, min(share, intake.files / loops))
    // All loops' together are half of what is kept for others.
    limits.turnedAwayMax = max(1, limits.turnedAwayMax / loops)
    limits.request.bodyBytesMax = intake.bodyBytes
    limits.request.headerBytesMax = intake.headerBytes
    limits.headerMilliseconds = intake.headerTime
    limits.bodyMilliseconds = intake.bodyTime
    limits.idleMilliseconds = intake.idleTime
    return limits
  }

  var crossOrigin: CrossOriginPolicy {
    CrossOriginPolicy(
      origins: .listed(Set(serving.origins)),
      requestHeaders: [
        "Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "If-Range", "Range",
        "Traceparent", "X-Request-ID",
      ],
      exposedHeaders: [
        "Content-Disposition", "Content-Range", "ETag", "Retry-After", "RateLimit", "RateLimit-Policy",
        "WWW-Authenticate", "X-Request-ID",
      ])
  }
}
