/// How much is passed on between nodes, and how long it is waited for.
public struct PeerLimits: Sendable, Equatable {
  /// Connections of one loop to one node, tunnels too: 4,096, one poll each for thousands of clients (503).
  public var connectionsPerPeerMax = 4_096

  /// Connections of one loop to all nodes: 8,192, below what the loop takes from clients (503).
  public var connectionsMax = 8_192

  /// Milliseconds for a connection to a node: 1,000, a thousand round trips; who takes longer is taken for dead.
  public var connectMilliseconds: Int64 = 1_000

  /// Milliseconds for a tunnel's handshake: 5,000; the owner asks nobody to answer it.
  public var handshakeMilliseconds: Int64 = 5_000

  /// Milliseconds after which an idle connection is used no more: 15,000, well below the minute after which the other
  /// side closes it, so that no request meets a connection that is being closed.
  public var idleMilliseconds: Int64 = 15_000

  /// Milliseconds that the list of nodes is good for: 3,000; a dead node is noticed by the connection anyway.
  public var listMilliseconds: Int64 = 3_000

  /// Milliseconds for which a node that is not on the list any more is taken to be where it was: 15,000, as long as one
  /// that is silent stays on the list; a list that was emptied has them all again within a beat of 5,000.
  public var missingMilliseconds: Int64 = 15_000

  /// Milliseconds between two looks at the list for a node that is not on it: 250, so that made-up ids ask Redis
  /// little, and a node that has been listed for so long is found by everybody.
  public var missMilliseconds: Int64 = 250

  /// Milliseconds by which the clocks of two nodes may differ, the way included: 10,000; `doctor` warns long before.
  public var skewMilliseconds: Int64 = 10_000

  /// Numbers of passed-on requests that are remembered against replays, twice over: 262,144, thirteen thousand
  /// requests a second for twice the skew; past it requests are refused.
  public var noncesMax = 262_144

  /// The defaults.
  public init() {}

  /// The part of one of so many loops.
  public func shared(by loops: Int) -> PeerLimits {
    var part = self
    part.connectionsPerPeerMax = max(1, connectionsPerPeerMax / max(1, loops))
    part.connectionsMax = max(1, connectionsMax / max(1, loops))
    return part
  }
}

/// What one loop has passed on and refused so far.
public struct PeerCounts: Sendable, Equatable {
  /// How a request that was to be passed on ended.
  public enum Outcome: String, Sendable, CaseIterable {
    /// The owner has answered, or taken the WebSocket.
    case answered
    /// There is no such node.
    case unknown
    /// The owner took no connection.
    case unreachable
    /// The connection was lost, or the answer came too late.
    case lost
    /// The owner did not believe us.
    case refused
    /// There were too many connections.
    case busy
    /// The client has gone.
    case cancelled
  }

  /// Requests that were passed on, by outcome.
  public var forwarded: [Outcome: Int] = [:]
  /// Tunnels that are open.
  public var tunnels = 0
  /// Connections to other nodes that are open, idle ones too.
  public var connections = 0
  /// Requests of other nodes that were taken at the private door.
  public var admitted = 0
  /// Requests that were refused at the private door, by reason.
  public var refused: [PeerRefusal: Int] = [:]

  /// Nothing yet.
  public init() {}
}
