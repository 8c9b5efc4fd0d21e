/// One client's namespaces on one session of Engine.IO.
///
/// It decides; a shell asks who may come in, calls the program's events and sends the packets.
///
/// - Units: milliseconds of a monotonic clock.
/// - Limits: ``SocketLimits``.
/// - Source: the Socket.IO protocol, revision 5.
public struct SocketMachine: ~Copyable {
  enum Membership: Equatable { case asking, joined, left }

  private static let defaultNamespace = "/"

  private struct Namespace {
    var name: String
    var membership: Membership
  }

  private enum State { case unjoined(deadline: Int64), joined, gone }

  /// Whether the client is in the default namespace: asked for each event of a crowd, so it stands in front and needs
  /// no look at the others.
  private var isInDefault = false
  private var state: State
  private let limits: SocketLimits
  private var namespaces: [Namespace] = [] {
    didSet { isInDefault = membership(of: SocketMachine.defaultNamespace) == .joined }
  }

  /// A session that has just begun.
  public init(limits: SocketLimits = SocketLimits(), at now: Int64) {
    self.limits = limits
    state = .unjoined(deadline: now &+ limits.connectTimeout)
  }

  // MARK: What comes

  /// What is to be done with a packet.
  public enum Action: Sendable, Equatable {
    /// Ask whether the client may come in, then ``accept(_:sid:)`` or ``refuse(_:message:data:)``; `auth` is an object
    /// as JSON text, or empty.
    case ask(namespace: String, auth: [UInt8])
    /// Something has happened; an `ackID` asks for ``SocketPacket/ack(_:_:namespace:attachments:)``.
    case event(namespace: String, name: String, arguments: SocketArguments, ackID: Int64?)
    /// The client has left.
    case left(namespace: String)
    /// Nothing.
    case nothing
    /// The client broke the protocol; close.
    case broken
  }

  /// A packet came.
  public mutating func received(_ packet: SocketPacket) -> Action {
    if case .gone = state { return .nothing }
    switch packet.kind {
    case .connect: return ask(packet)
    case .disconnect: return leave(packet.namespace)
    case .event, .binaryEvent: return event(packet)
    // Nothing of ours asks for an answer.
    case .ack, .binaryAck: return packet.id == nil || packet.answer == nil ? broken() : .nothing
    case .connectError: return broken()
    }
  }

  private mutating func ask(_ packet: SocketPacket) -> Action {
    let action = Action.ask(namespace: packet.namespace, auth: packet.payload)
    if let place = place(of: packet.namespace) {
      guard namespaces[place].membership == .left else { return broken() }
      namespaces[place].membership = .asking
      return action
    }
    if namespaces.count >= limits.namespacesMax {
      guard let oldest = namespaces.firstIndex(where: { $0.membership == .left }) else { return broken() }
      namespaces.remove(at: oldest)
    }
    namespaces.append(Namespace(name: packet.namespace, membership: .asking))
    return action
  }

  private mutating func leave(_ namespace: String) -> Action {
    guard let place = place(of: namespace), namespaces[place].membership == .joined else { return .nothing }
    namespaces[place].membership = .left
    return .left(namespace: namespace)
  }

  private mutating func event(_ packet: SocketPacket) -> Action {
    switch membership(of: packet.namespace) {
    case .joined: break
    // What was under way when the client was sent out means nothing any more.
    case .left: return .nothing
    case .asking, nil: return broken()
    }
    guard let (name, arguments) = packet.event else { return broken() }
    return .event(namespace: packet.namespace, name: name, arguments: arguments, ackID: packet.id)
  }

  private mutating func broken() -> Action {
    state = .gone
    return .broken
  }

  // MARK: What goes

  /// The client may come in; the answer, or nil when he is gone by now.
  ///
  /// - Parameter pid: the secret by which he may come back to this session.
  public mutating func accept(_ namespace: String, sid: String, pid: String? = nil) -> SocketPacket? {
    guard let place = place(of: namespace), namespaces[place].membership == .asking else { return nil }
    namespaces[place].membership = .joined
    if case .unjoined = state { state = .joined }
    return .connected(namespace, sid: sid, pid: pid)
  }

  /// The client may not come in; the answer, or nil when he is gone by now.
  public mutating func refuse(_ namespace: String, message: String, data: [UInt8]? = nil) -> SocketPacket? {
    guard let place = place(of: namespace), namespaces[place].membership == .asking else { return nil }
    namespaces.remove(at: place)
    return .refused(namespace, message: message, data: data)
  }

  /// Whether events may go to a namespace.
  public func isJoined(_ namespace: String) -> Bool {
    namespace == SocketMachine.defaultNamespace ? isInDefault : membership(of: namespace) == .joined
  }

  /// Sends the client out of a namespace; the packet, or nil when he is not there.
  public mutating func disconnect(_ namespace: String) -> SocketPacket? {
    guard let place = place(of: namespace), namespaces[place].membership == .joined else { return nil }
    namespaces[place].membership = .left
    return SocketPacket(.disconnect, namespace: namespace)
  }

  /// The session is over: the namespaces that the client was in.
  public mutating func end() -> [String] {
    state = .gone
    let joined = namespaces.filter { $0.membership == .joined }.map(\.name)
    namespaces = []
    return joined
  }

  /// Whether the client has failed to come in anywhere in time; then close.
  public mutating func timePassed(at now: Int64) -> Bool {
    guard case .unjoined(let deadline) = state, now >= deadline else { return false }
    state = .gone
    return true
  }

  // MARK: Namespaces

  private func place(of namespace: String) -> Int? {
    // By bytes: names that only look the same are different.
    namespaces.firstIndex { $0.name.utf8.elementsEqual(namespace.utf8) }
  }

  private func membership(of namespace: String) -> Membership? {
    place(of: namespace).map { namespaces[$0].membership }
  }
}
