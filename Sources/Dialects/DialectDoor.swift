import ChatCore
import Delivery
import HTTP1

/// The sockets of one mount on one loop: begins sessions, knows those that are open, and shows them out when the node
/// leaves.
///
/// - Isolation: one loop.
public final class DialectDoor: @unchecked Sendable {
  let mount: Mount
  let hub: Hub
  let ports: any LoopPorts
  let format: WireFormat
  let names = WatchedNames()
  let shelf: RoomShelf?
  private let actions: [String: Action]
  private var sessions: [ObjectIdentifier: DialectSession] = [:]
  private var isDraining = false

  /// Takes what sessions need.
  ///
  /// - Parameter shelf: the node's, for dialects with rooms; nil forgets what clients were inside of.
  public init(_ mount: Mount, hub: Hub, ports: any LoopPorts, shelf: RoomShelf? = nil) {
    self.shelf = mount.dialect.hasRooms ? shelf : nil
    self.mount = mount
    self.hub = hub
    self.ports = ports
    format = .dialect(mount.dialect, mount.voice, names)
    actions = Dictionary(mount.dialect.actions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Begins a session on a transport that was just opened by that request.
  public func open(_ transport: any DialectTransport, by request: Request) -> DialectSession {
    let session = DialectSession(self, transport, request)
    sessions[ObjectIdentifier(session)] = session
    if mount.dialect.carrier == .typedJSON { session.opened() }
    if isDraining { session.close() }
    return session
  }

  /// Tells all sessions to go, each after a delay of its own within `spread`.
  public func drain(over spread: Milliseconds) {
    isDraining = true
    for session in sessions.values {
      ports.schedule(after: ports.ownMoment(within: spread)) { [weak session] in session?.close() }
    }
  }

  var all: some Sequence<DialectSession> { sessions.values }

  func action(_ name: String) -> Action? { actions[name] }

  func ended(_ session: DialectSession) { sessions[ObjectIdentifier(session)] = nil }
}
