import ChatCore
import IORuntime
import Redis

/// Who is there, over Redis: one a node, with a directory for each of its loops.
///
/// A node holds one lease, renewed each second, under a name that is new whenever it begins; what it says of its users
/// stands in 64 sets under that name, one a share. Once a second it says who has come and gone, a script a share, which
/// tells the watchers only what makes a difference: who is on no other node. When a lease runs out, one of the others
/// takes the dead node's sets away and tells of its users. What runs when is decided in ``PresenceOffice``.
///
/// - Cost: see the page "Who is there".
/// - Isolation: one loop of the node; ``directory(on:)`` is for the others.
public final class RedisPresence: @unchecked Sendable {
  let loop: EventLoop
  private let names: TopicNames
  private let client: RedisClient
  private let subscriber: RedisSubscriber
  private let ear: PresenceEar
  private let scripts = (lease: Scripts.lease(), say: Scripts.say(), find: Scripts.find())
  private var desks: [PresenceDesk] = []
  private var isClosed = false
  private(set) lazy var office = PresenceOffice(wire: self, node: node, names: names, limits: limits)
  private let node: String?
  private let limits: PresenceLimits

  /// Speaks over connections of its own; neither connects before ``start()``.
  ///
  /// - Parameter node: the node's name; nil for one that has no sockets and only asks.
  public init(
    loop: EventLoop, settings: RedisSettings, node: String?, names: TopicNames = .standard,
    limits: PresenceLimits = PresenceLimits(), observe: @escaping (RedisChange) -> Void = { _ in }
  ) {
    self.loop = loop
    self.node = node
    self.names = names
    self.limits = limits
    let ear = PresenceEar(names)
    self.ear = ear
    client = RedisClient(loop: loop, settings: settings) { change in
      if case .connected(let address) = change { ear.office?.reached(address) }
      observe(change)
    }
    subscriber = RedisSubscriber(loop: loop, settings: settings, beside: client)
    ear.office = self
    subscriber.attach(ear)
  }

  /// What it has done so far; on its loop only.
  public var counters: PresenceCounters { office.counters }

  /// Connects, begins to say and to hear.
  public func start() {
    client.start()
    subscriber.start()
    for share in PresenceShare.all { subscriber.subscribe(share.channel(names)) }
    office.start()
  }

  /// Takes the node's users off at once, says no more, and closes.
  public func close() { close(silently: false) }

  func close(silently: Bool) {
    guard !isClosed else { return }
    isClosed = true
    subscriber.close()
    let (loop, client) = (loop, client)
    if office.leave(silently: silently, done: { client.close() }) {
      loop.schedule(after: 1_000) { client.close() }
    } else {
      client.close()
    }
  }

  /// The directory of one loop of the node.
  public func directory(on other: EventLoop) -> any PresenceDirectory {
    let desk = PresenceDesk(office: self, place: desks.count, loop: other)
    desks.append(desk)
    return desk
  }

  /// A master is reached, for the first time or again; what the others have is not in doubt.
  fileprivate func reached(_ address: RedisAddress) {
    office.sayAgain(PresenceShare.all.filter { client.master(of: $0.online(names)) == address })
  }

  func arrived(_ user: UserID) { office.arrived(user) }
  func left(_ user: UserID) { office.left(user) }
  func watch(_ users: [UserID], from place: Int) { office.watch(users, from: place) }
  func unwatch(_ users: [UserID], from place: Int) { office.unwatch(users, from: place) }
  func find(_ users: [UserID], within patience: Milliseconds, _ done: @escaping ([Presence]) -> Void) {
    office.find(users, within: patience, done)
  }
  func heard(_ payload: [UInt8], in share: PresenceShare) { office.heard(payload, in: share) }
  func listening(to share: PresenceShare) { office.listening(to: share) }
}

extension RedisPresence: PresenceWire {
  package var now: Milliseconds { EventLoop.monotonicMilliseconds() }

  package var isConnected: Bool { client.isConnected(for: PresenceOffice.leaseKeys(names)[0]) }

  package func newBeginning() -> Int { Int.random(in: 1...Int(Int32.max)) }

  package func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> () -> Void {
    let timer = loop.schedule(after: delay, body)
    return { timer.cancel() }
  }

  package func run(
    _ script: PresenceScript, keys: [String], arguments: [String],
    _ handler: @escaping (Result<RedisReply, RedisError>) -> Void
  ) {
    let lua =
      switch script {
      case .lease: scripts.lease
      case .say: scripts.say
      case .find: scripts.find
      }
    do throws(RedisError) {
      try client.submit(lua, keys: keys, arguments: arguments, handler)
    } catch {
      handler(.failure(error))
    }
  }

  package func tell(_ changes: [Presence], to place: Int) {
    if desks.indices.contains(place) { desks[place].hear(changes) }
  }
}
