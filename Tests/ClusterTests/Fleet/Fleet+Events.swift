import ChatCore

@testable import TestKit

/// What befalls a fleet, and how it ends.
extension Fleet {
  func befall(_ event: FleetEvent) {
    switch event {
    case .masterDies(let failover, let lag): killMaster(failover, lag)
    case .reshard: reshard()
    case .nodesDie(let count): kill(count)
    case .balancerDies(let duration): loseBalancer(duration)
    case .replaceAll(let atOnce, let grace): replaceAll(from: 0, atOnce, grace)
    case .redisCut(let count, let duration):
      cut(count, duration, { $0.wire.cut() }, { $0.wire.heal() })
    case .postgresCut(let count, let duration):
      cut(count, duration, { $0.postgres.isCut = true }, { $0.postgres.isCut = false })
    case .postgresAway(let duration):
      postgres.isAway = true
      time.schedule(after: duration) { [weak self] in self?.postgres.isAway = false }
    }
  }

  private var livingMasters: [Int] { redis.masters.indices.filter { redis.masters[$0].isUp } }

  private func killMaster(_ failover: Milliseconds, _ lag: Milliseconds) {
    guard let master = dice.pick(of: livingMasters) else { return }
    redis.replicate(master)
    time.schedule(after: lag) { [weak self] in
      guard let self, redis.masters[master].isUp else { return }
      redis.die(master)
      time.schedule(after: failover) { [weak self] in self?.redis.promote(master) }
    }
  }

  private func reshard() {
    let masters = livingMasters
    guard masters.count > 1, let from = dice.pick(of: masters),
      let to = dice.pick(of: masters.filter { $0 != from })
    else { return }
    redis.reshard(from: from, to: to, oneIn: 3)
  }

  /// A rack goes: its nodes at once, one user in four for good, and new nodes after a while.
  private func kill(_ count: Int) {
    let indices = Array(nodes.indices.filter { nodes[$0].state == .ready }.shuffled(using: &dice).prefix(count))
    for index in indices {
      let lines = lines(at: nodes[index])
      nodes[index].die()
      for client in clients where lines.contains(where: { $0 === client.line }) {
        if dice.once(in: 4) {
          becameGhost(client)
        } else {
          time.schedule(after: dice.pick(0...1_500)) { [line = client.line] in line?.cut() }
        }
      }
      time.schedule(after: dice.pick(1_500...4_000)) { [weak self] in self?.replace(index) }
    }
  }

  private func loseBalancer(_ duration: Milliseconds) {
    setBalancerAway(true)
    for client in clients { client.cut() }
    time.schedule(after: duration) { [weak self] in self?.setBalancerAway(false) }
  }

  /// The next few leave once the last few are gone and replaced.
  private func replaceAll(from first: Int, _ atOnce: Int, _ grace: Milliseconds) {
    guard first < nodes.count else { return }
    let indices = Array(first..<min(first + atOnce, nodes.count))
    var left = indices.count
    let goOn = { [weak self] in
      left -= 1
      if left == 0 { self?.replaceAll(from: first + atOnce, atOnce, grace) }
    }
    for index in indices {
      let node = nodes[index]
      guard node.state == .ready else {
        goOn()
        continue
      }
      node.drain({ [weak self] in self?.lines(at: node) ?? [] }, grace: grace) { [weak self] in
        self?.replace(index)
        goOn()
      }
    }
  }

  private func cut(
    _ count: Int, _ duration: Milliseconds, _ cut: (FleetNode) -> Void, _ heal: @escaping (FleetNode) -> Void
  ) {
    let chosen = nodes.filter { $0.state == .ready }.shuffled(using: &dice).prefix(count)
    for node in chosen { cut(node) }
    time.schedule(after: duration) { for node in chosen where node.state != .over { heal(node) } }
  }
}
