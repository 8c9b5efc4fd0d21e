import EngineServing
import HTTP1
import IORuntime
import Serving

/// The private door of one loop: takes what other nodes pass on, for the sessions that are here, and nothing else.
///
/// It serves the doors that are mounted, each at its path; what it takes is never passed on again.
///
/// - Isolation: its loop.
/// - Errors: 403 for what does not bear the cluster's seal, 404 for another path; the connection closes.
public final class PeerDoor: HTTPHandler, @unchecked Sendable {
  private let gate: PeerGate
  private var doors: [String: EngineDoor] = [:]
  private var counts = PeerCounts()

  /// A door without anything behind it.
  public init(gate: PeerGate) { self.gate = gate }

  /// Lets requests for a path come to that door, which lives on the same loop.
  public func mount(_ door: EngineDoor, at path: String) { doors[path] = door }

  /// Whether a session is open behind one of the doors.
  public var hasSessions: Bool { doors.values.contains { $0.hasSessions } }

  /// What has been taken and refused so far.
  public var report: PeerCounts { counts }

  /// As much as the door takes itself.
  public func bodyAllowance(for head: RequestHead) -> BodyAllowance? {
    BodyAllowance(doors[head.path]?.bodyBytesMax ?? 0)
  }

  /// A poll is for a client who waits for it, on whatever node.
  public func endsWithClient(_ head: RequestHead) -> Bool { EngineDoor.endsWithClient(head) }

  /// Answers what was passed on.
  public func respond(to request: Request) async -> Response {
    do throws(PeerRefusal) {
      let (door, original) = try admit(request)
      return await door.respond(toForwarded: original)
    } catch {
      return refuse(error)
    }
  }

  /// Answers a WebSocket that was passed on.
  public func upgrade(_ request: Request) -> UpgradeAnswer? {
    do throws(PeerRefusal) {
      let (door, original) = try admit(request)
      return door.upgrade(forwarded: original)
    } catch {
      return .refuse(refuse(error))
    }
  }

  private func admit(_ request: Request) throws(PeerRefusal) -> (EngineDoor, Request) {
    let original = try gate.admit(request)
    guard let door = doors[request.path] else { throw .path }
    counts.admitted += 1
    return (door, original)
  }

  private func refuse(_ refusal: PeerRefusal) -> Response {
    counts.refused[refusal, default: 0] += 1
    // Why, is for the metrics of this node; a stranger learns nothing.
    var response = Response(refusal == .path ? .notFound : .forbidden, text: "This door is for nodes.\n")
    response.closesConnection = true
    return response
  }
}
