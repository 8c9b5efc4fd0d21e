import ChatCore
import Redis
import RedisBroker
import TestKit

/// A node's presence: the product's ``RedisBroker/PresenceOffice`` over a modelled Redis, and the directory of the one
/// loop that the node has.
final class FleetPresence: PresenceDirectory, PresenceWire, @unchecked Sendable {
  private let wire: RedisWire
  private var dice: SeededDice
  private var receiver: (any PresenceReceiver)?
  private var waiting: [Int: (master: Int, handler: Handler)] = [:]
  private var asked = 0
  private var isSilent = false
  private(set) var office: PresenceOffice!

  init(_ wire: RedisWire, node: String, limits: PresenceLimits, seed: UInt64) {
    self.wire = wire
    dice = SeededDice(seed: seed)
    office = PresenceOffice(wire: self, node: node, names: .standard, limits: limits)
    wire.presence = self
    office.start()
  }

  // MARK: What the hub says

  func attach(_ receiver: any PresenceReceiver) { self.receiver = receiver }
  func arrived(_ user: UserID) { office.arrived(user) }
  func left(_ user: UserID) { office.left(user) }
  func watch(_ users: [UserID]) { office.watch(users, from: 0) }
  func unwatch(_ users: [UserID]) { office.unwatch(users, from: 0) }

  func presence(of users: [UserID]) async -> [Presence] {
    await withUnsafeContinuation { continuation in
      office.find(users, within: 150) { continuation.resume(returning: $0) }
    }
  }

  func heard(_ changes: [Presence]) { if !isSilent { office.heard(changes) } }

  /// The node takes its users off.
  func leave(_ done: @escaping () -> Void) { if !office.leave(silently: false, done: done) { done() } }

  /// `kill -9`.
  func die() {
    isSilent = true
    _ = office.leave(silently: true) {}
  }

  // MARK: The way to Redis

  func cameBack(_ master: Int, saysAgain: Bool) {
    if saysAgain { office.sayAgain(PresenceShare.all) }
    for share in wire.redis.shares(of: master) { office.listening(to: share) }
  }

  /// What was asked over a connection that is gone has no answer.
  func wireLost() {
    for (number, ask) in waiting.sorted(by: { $0.key < $1.key }) where !wire.isUp(ask.master) {
      waiting[number] = nil
      ask.handler(.failure(.connectionLost))
    }
  }

  var now: Milliseconds { wire.redis.time.now }
  var isConnected: Bool { wire.isUp(wire.master(of: FleetPresence.leaseSlot)) }
  private static let leaseSlot = Int(HashSlot(of: "m:{presence}living").number)

  func newBeginning() -> Int { Int(dice.pick(1...Int64(Int32.max))) }

  func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> () -> Void {
    var isWanted = true
    wire.redis.time.after(delay) { [weak self] in if isWanted, self?.isSilent == false { body() } }
    return { isWanted = false }
  }

  func run(
    _ script: PresenceScript, keys: [String], arguments: [String],
    _ handler: @escaping (Result<RedisReply, RedisError>) -> Void
  ) {
    let master = wire.master(of: Int(HashSlot(of: keys[0]).number))
    guard wire.isUp(master) else { return handler(.failure(.unavailable)) }
    asked += 1
    let number = asked
    waiting[number] = (master, handler)
    wire.redis.time.after(1) { [weak self] in
      guard let self, waiting[number] != nil else { return }
      let reply = wire.redis.run(script, keys, arguments, at: master)
      wire.redis.time.after(1) { [weak self] in
        guard let self, let ask = waiting.removeValue(forKey: number), !isSilent else { return }
        if reply == nil { wire.askMap() }
        ask.handler(reply.map { .success($0) } ?? .failure(.refused("MOVED")))
      }
    }
  }

  func tell(_ changes: [Presence], to place: Int) {
    wire.redis.time.after(0) { [weak self] in
      guard let self, !isSilent else { return }
      receiver?.presenceChanged(changes)
    }
  }
}
