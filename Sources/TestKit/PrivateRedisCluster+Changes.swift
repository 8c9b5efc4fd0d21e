import Glibc

/// What a cluster looks like, and how it is changed while it serves.
extension PrivateRedisCluster {
  /// One line of `CLUSTER NODES`.
  struct Member: Sendable {
    let id: String
    let port: UInt16
    let flags: Set<Substring>
    let master: Substring
    let slots: [ClosedRange<Int>]

    init?(_ line: Substring) {
      let words = line.split(separator: " ")
      guard words.count >= 8, let address = words[1].split(separator: "@").first,
        let port = address.split(separator: ":").last.flatMap({ UInt16($0) })
      else { return nil }
      id = String(words[0])
      self.port = port
      flags = Set(words[2].split(separator: ","))
      master = words[3]
      slots = words.dropFirst(8).compactMap { text in
        let ends = text.split(separator: "-").compactMap { Int($0) }
        // Slots under way stand in brackets and are no numbers.
        guard let first = ends.first, let last = ends.last, first <= last else { return nil }
        return first...last
      }
    }

    var isMaster: Bool { flags.contains("master") }
    var isWell: Bool { flags.isDisjoint(with: ["fail", "fail?", "handshake", "noaddr"]) }
  }

  /// What a node knows of all.
  func view(of node: PrivateRedis) -> [Member] {
    (node.ask("CLUSTER NODES") ?? "").split(separator: "\n").compactMap { Member($0) }
  }

  /// What a node knows of itself; nil when it does not answer.
  private func itself(_ node: PrivateRedis) -> Member? {
    node.isRunning ? view(of: node).first { $0.flags.contains("myself") } : nil
  }

  /// The nodes that answer as masters with slots.
  public func masters() async throws -> [PrivateRedis] {
    try await PrivatePostgres.aside { [self] in mastersNow() }
  }

  /// The master that serves a slot.
  ///
  /// - Throws: when no node that answers has it.
  public func master(ofSlot slot: Int) async throws -> PrivateRedis {
    try await PrivatePostgres.aside { [self] in
      let owner = nodes.first { node in
        itself(node).map { $0.isMaster && $0.slots.contains { $0.contains(slot) } } ?? false
      }
      guard let owner else { throw failure("nobody serves slot \(slot)") }
      return owner
    }
  }

  /// The replicas of a master that answer.
  public func replicas(of master: PrivateRedis) async throws -> [PrivateRedis] {
    try await PrivatePostgres.aside { [self] in
      guard let id = itself(master)?.id else { return [] }
      return nodes.filter { node in itself(node)?.master == id[...] }
    }
  }

  /// How many slots a master serves.
  public func slotCount(of master: PrivateRedis) async throws -> Int {
    try await PrivatePostgres.aside { [self] in slotsNow(master) }
  }

  /// The channels that somebody listens to at a master.
  public func channels(at master: PrivateRedis) async throws -> [String] {
    try await PrivatePostgres.aside {
      (master.ask("PUBSUB SHARDCHANNELS") ?? "").split(separator: "\n").map(String.init)
    }
  }

  func mastersNow() -> [PrivateRedis] {
    nodes.filter { node in itself(node).map { $0.isMaster && !$0.slots.isEmpty } ?? false }
  }

  private func slotsNow(_ master: PrivateRedis) -> Int { itself(master)?.slots.reduce(0) { $0 + $1.count } ?? 0 }

  /// Whether every slot is served by somebody who answers.
  private func isServing() -> Bool {
    let served = nodes.compactMap { itself($0) }.filter(\.isMaster).flatMap(\.slots).reduce(0) { $0 + $1.count }
    return served >= PrivateRedisCluster.slots
      && nodes.filter(\.isRunning).allSatisfy { $0.ask("CLUSTER INFO")?.contains("cluster_state:ok") ?? true }
  }

  /// Waits until every slot is served and every running node knows it, while some are dead or stopped.
  public func waitUntilServing(_ seconds: Int64 = 40) async throws {
    try await PrivatePostgres.aside { [self] in
      try wait(seconds, "the cluster does not serve all slots") { isServing() }
    }
  }

  /// Waits until all six nodes are well and know it of each other, all slots are served, and the replicas have caught
  /// up.
  public func waitUntilWhole(_ seconds: Int64 = 60) async throws {
    try await PrivatePostgres.aside { [self] in
      try wait(seconds, "the cluster is not whole:\n\(notWhole())") { nodes.allSatisfy(isWhole) }
    }
  }

  /// What those say who do not find it whole.
  private func notWhole() -> String {
    nodes.filter { !isWhole(from: $0) }.map { node in
      let said = node.ask("CLUSTER NODES", "CLUSTER INFO", "INFO replication") ?? "no answer"
      return "\(node.port), \(node.isRunning ? "running" : "dead"):\n\(said)"
    }.joined(separator: "\n")
  }

  private func isWhole(from node: PrivateRedis) -> Bool {
    guard let text = node.ask("CLUSTER NODES", "CLUSTER INFO", "INFO replication"),
      text.contains("cluster_state:ok"), text.contains("cluster_slots_ok:\(PrivateRedisCluster.slots)")
    else { return false }
    let members = text.split(whereSeparator: \.isNewline).compactMap { Member($0) }
    guard members.count == nodes.count, members.allSatisfy(\.isWell), members.count(where: \.isMaster) == 3 else {
      return false
    }
    return text.contains("role:master") || text.contains("master_link_status:up")
  }

  /// Has a replica take its master's place in agreement with it; waits until it has.
  public func failover(_ replica: PrivateRedis) async throws {
    try await PrivatePostgres.aside { [self] in
      try wait(30, "the node on \(replica.port) does not become a master") {
        if itself(replica).map({ $0.isMaster && !$0.slots.isEmpty }) ?? false { return true }
        _ = replica.ask("CLUSTER FAILOVER")
        return false
      }
    }
  }

  /// Moves slots with their keys from one master to another, one after the other, while both serve; gives how many.
  public func reshard(_ count: Int, from: PrivateRedis, to: PrivateRedis) async throws {
    try await PrivatePostgres.aside { [self] in
      guard let source = itself(from)?.id, let target = itself(to)?.id else { throw failure("no such masters") }
      let login = entrance.words(from.port).split(separator: " ").dropFirst(4).joined(separator: " ")
      let moved = Shell.output(
        "redis-cli \(login) --cluster reshard 127.0.0.1:\(from.port) --cluster-from \(source) --cluster-to \(target) "
          + "--cluster-slots \(count) --cluster-yes | tail -n 5")
      let now = slotsNow(to)
      guard moved != nil, now >= count else { throw failure("resharding: \(moved ?? "")") }
    }
  }

  /// Has every node close the connections that listen.
  public func killPubSubClients() async throws {
    try await PrivatePostgres.aside { [nodes] in
      for node in nodes where node.isRunning { try node.killClientsNow("pubsub") }
    }
  }
}
