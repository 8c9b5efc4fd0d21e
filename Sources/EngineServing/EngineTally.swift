import EngineIO

/// What became of the sessions of Engine.IO that began on one loop, and how many there are now.
public struct EngineCounts: Sendable, Hashable {
  /// Sessions begun.
  public var opened = 0
  /// Sessions that poll now.
  public var polling = 0
  /// Sessions on a WebSocket now.
  public var webSockets = 0
  /// Polls that wait for their answers now.
  public var polls = 0
  /// Sessions that went over from polling to a WebSocket.
  public var upgrades = 0
  /// Sessions that are over, by why.
  public var closed: [EngineEnd: Int] = [:]

  /// Nothing yet.
  public init() {}
}

/// Counts the sessions of one loop; those of several doors may share it.
///
/// - Isolation: the loop of the sessions. A request that comes to another loop is counted here, with its session.
public final class EngineTally: @unchecked Sendable {
  enum Transport { case polling, webSocket }

  /// The counts so far.
  public private(set) var counts = EngineCounts()

  /// Nothing yet.
  public init() {}

  func began(_ transport: Transport) {
    counts.opened += 1
    change(transport, by: 1)
  }

  func upgraded() {
    counts.upgrades += 1
    change(.polling, by: -1)
    change(.webSocket, by: 1)
  }

  func ended(_ reason: EngineEnd, _ transport: Transport) {
    counts.closed[reason, default: 0] += 1
    change(transport, by: -1)
  }

  func pollsChanged(_ difference: Int) { counts.polls += difference }

  private func change(_ transport: Transport, by difference: Int) {
    switch transport {
    case .polling: counts.polling += difference
    case .webSocket: counts.webSockets += difference
    }
  }
}
