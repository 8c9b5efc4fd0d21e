/// Who has which slots of a cluster, as one of its nodes said.
///
/// - Shape: the reply to CLUSTER SLOTS, an array of `[first slot, last slot, master, replica, …]`, a node being
///   `[host, port, id, …]`. An empty or missing host means the node that was asked.
/// - Limits: ``mastersMax`` and ``nodesOfRangeMax``; a reply beyond them, with slots that do not exist or that two
///   have, is none of a cluster's.
/// - Source: Redis documentation, CLUSTER SLOTS.
struct ClusterMap: Hashable, Sendable {
  /// What Redis Cluster is made for at most.
  static let mastersMax = 1_000
  /// A master and its replicas: four times what anybody runs.
  static let nodesOfRangeMax = 16

  /// The masters that have slots, in the order of their first.
  private(set) var masters: [RedisAddress] = []
  /// Their replicas, by the same places.
  private(set) var replicas: [[RedisAddress]] = []
  /// The place of each slot's master; -1 for none.
  private var owners = [Int16](repeating: -1, count: Int(HashSlot.count))
  /// The cluster's epoch when it was said; 0 when that is not known.
  var epoch: Int64 = 0

  /// Reads a reply.
  ///
  /// - Throws: ``RedisError/broken(_:)``.
  init(_ reply: RedisReply, heardFrom speaker: RedisAddress) throws(RedisError) {
    guard let ranges = reply.elements, ranges.count <= Int(HashSlot.count) else { throw ClusterMap.fault }
    var places: [RedisAddress: Int] = [:]
    for range in ranges {
      guard let parts = range.elements, parts.count >= 3, parts.count <= 2 + ClusterMap.nodesOfRangeMax,
        let first = parts[0].integer.flatMap(HashSlot.init(number:)),
        let last = parts[1].integer.flatMap(HashSlot.init(number:)), first <= last
      else { throw ClusterMap.fault }
      let master = try ClusterMap.node(parts[2], speaker)
      let place = places[master] ?? masters.count
      if place == masters.count {
        guard masters.count < ClusterMap.mastersMax else { throw ClusterMap.fault }
        places[master] = place
        masters.append(master)
        // A replica that its cluster cannot name yet ("?") is no reason to forget the masters.
        replicas.append(parts[3...].compactMap { try? ClusterMap.node($0, speaker) })
      }
      for slot in Int(first.number)...Int(last.number) {
        guard owners[slot] == -1 else { throw ClusterMap.fault }
        owners[slot] = Int16(place)
      }
    }
  }

  private static let fault = RedisError.broken("the answer to CLUSTER SLOTS")

  private static func node(_ reply: RedisReply, _ speaker: RedisAddress) throws(RedisError) -> RedisAddress {
    guard let parts = reply.elements, parts.count >= 2, let port = parts[1].integer else { throw fault }
    let host = parts[0] == .null ? "" : parts[0].text
    guard let host, let address = RedisAddress(host: host, port: port, heardFrom: speaker) else { throw fault }
    return address
  }

  /// The place in ``masters`` of who has a slot; nil when nobody has.
  func place(of slot: HashSlot) -> Int? {
    let place = owners[Int(slot.number)]
    return place >= 0 ? Int(place) : nil
  }

  /// Who has a slot.
  func master(of slot: HashSlot) -> RedisAddress? { place(of: slot).map { masters[$0] } }

  /// A node said that another has a slot now; false when that other is none of the masters.
  mutating func move(_ slot: HashSlot, to address: RedisAddress) -> Bool {
    guard let place = masters.firstIndex(of: address) else { return false }
    owners[Int(slot.number)] = Int16(place)
    return true
  }

  /// Whether another says the same, be it at another time.
  func says(_ other: ClusterMap) -> Bool {
    masters == other.masters && owners == other.owners && replicas == other.replicas
  }

  /// How many slots somebody has.
  var slotsCovered: Int { owners.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) } }

  /// All nodes, masters first.
  var nodes: [RedisAddress] { masters + replicas.flatMap { $0 } }
}

extension ClusterMap: CustomStringConvertible {
  /// `3 masters (10.0.0.1:6379 …), 3 replicas, all slots`
  var description: String {
    let names = masters.prefix(16).map(\.description).joined(separator: " ")
    let covered = slotsCovered
    let slots = covered == Int(HashSlot.count) ? "all slots" : "\(covered) of \(HashSlot.count) slots"
    return "\(masters.count) masters (\(names)), \(replicas.reduce(0) { $0 + $1.count }) replicas, \(slots)"
  }
}
