import HTTP1
import Serving

/// The other nodes of the cluster: a request with the id of a session there is passed on to it.
///
/// - Isolation: the loop of the door that asks.
public protocol EnginePeers: AnyObject, Sendable {
  /// Passes on a poll or a body.
  ///
  /// When the task is cancelled the owner learns that its client has gone.
  ///
  /// - Parameters:
  ///   - node: the name in the session's id; from outside, so perhaps nobody's.
  ///   - deadline: milliseconds that the owner may take.
  /// - Returns: the owner's answer, without what is between connections; nil when there is no such node, it is dead, or
  ///   nobody knows whether it has taken the request. It is never passed on a second time.
  func forward(_ request: Request, to node: String, deadline: Int64) async -> Response?

  /// Passes on a WebSocket: its bytes, both ways, once the owner has let it in.
  ///
  /// - Parameter unknown: what the client is told when there is no such node or it is dead.
  func tunnel(_ request: Request, to node: String, unknown: Response) -> UpgradeAnswer
}
