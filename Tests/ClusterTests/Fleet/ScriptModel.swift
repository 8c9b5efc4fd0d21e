import ChatCore
import Redis
import RedisBroker

/// What `lease.lua`, `say.lua` and `find.lua` do, line by line, on one master's keys. The presence contract holds it to
/// what the scripts do in a real Redis.
struct ScriptModel {
  private var sorted: [String: [String: Milliseconds]] = [:]
  private var sets: [String: Set<String>] = [:]
  private var hashes: [String: [String: Int]] = [:]

  /// A message that a script published.
  typealias Told = (channel: String, payload: String)

  mutating func run(
    _ script: PresenceScript, _ keys: [String], _ arguments: [String], at now: Milliseconds
  ) -> (reply: RedisReply, told: Told?) {
    switch script {
    case .lease: (lease(keys, arguments, now), nil)
    case .say: say(keys, arguments, now)
    case .find: (find(keys, arguments), nil)
    }
  }

  /// Hands the keys of some slots over, as a resharding does.
  mutating func give(to other: inout ScriptModel, _ isMoved: (String) -> Bool) {
    for (key, value) in sorted where isMoved(key) { (other.sorted[key], sorted[key]) = (value, nil) }
    for (key, value) in sets where isMoved(key) { (other.sets[key], sets[key]) = (value, nil) }
    for (key, value) in hashes where isMoved(key) { (other.hashes[key], hashes[key]) = (value, nil) }
  }

  private mutating func lease(_ keys: [String], _ arguments: [String], _ now: Milliseconds) -> RedisReply {
    let (name, lifetime, patience) = (arguments[0], Milliseconds(arguments[1]) ?? 0, Milliseconds(arguments[2]) ?? 0)
    if ["leave", "buried"].contains(arguments[3]) {
      sorted[keys[0]]?[name] = nil
      sorted[keys[1]]?[name] = nil
      return .array([.integer(0), .array([])])
    }
    let death = sorted[keys[0]]?[name]
    let isHeld = death != nil || arguments[3] == "begin"
    let isLate = death.map { $0 < now } ?? false
    if isHeld { sorted[keys[0], default: [:]][name] = now + lifetime }
    for other in first(100, of: keys[0], upTo: now) {
      if isLate {
        sorted[keys[0]]?[other] = now + patience
      } else if isHeld {
        sorted[keys[0]]?[other] = nil
        sorted[keys[1], default: [:]][other] = now
      }
    }
    var dead: [String] = []
    if isHeld, !isLate {
      dead = first(4, of: keys[1], upTo: now)
      for other in dead { sorted[keys[1]]?[other] = now + 5_000 }
    }
    return .array([.integer(isHeld ? 1 : 0), .array(dead.map { .bulk(Array($0.utf8)) })])
  }

  private func first(_ most: Int, of key: String, upTo now: Milliseconds) -> [String] {
    let due = (sorted[key] ?? [:]).filter { $0.value <= now }
    return due.sorted { ($0.value, $0.key) < ($1.value, $1.key) }.prefix(most).map(\.key)
  }

  private mutating func say(
    _ keys: [String], _ arguments: [String], _ now: Milliseconds
  ) -> (reply: RedisReply, told: Told?) {
    var (came, went): ([String], [String]) = ([], [])
    if arguments[3] == "bury" {
      for user in (sets[keys[0]] ?? []).sorted().prefix(1_024) {
        sets[keys[0]]?.remove(user)
        if goes(user, keys[2]) { went.append(user) }
      }
    } else {
      let count = Int(arguments[3]) ?? 0
      for user in arguments.dropFirst(4).prefix(count) {
        let isNew = sets[keys[0], default: []].insert(user).inserted || hashes[keys[2]]?[user] == nil
        if isNew {
          hashes[keys[2], default: [:]][user, default: 0] += 1
          if hashes[keys[2]]?[user] == 1 { came.append(user) }
        }
      }
      for user in arguments.dropFirst(4 + count) where sets[keys[0]]?.remove(user) != nil {
        if goes(user, keys[2]) { went.append(user) }
      }
    }
    for user in went { sorted[keys[1], default: [:]][user] = now }
    if sets[keys[0]]?.isEmpty == true { sets[keys[0]] = nil }
    let (on, off) = (came.joined(separator: ","), went.joined(separator: ","))
    let told = (arguments[0], #"{"v":1,"t":\#(now),"on":[\#(on)],"off":[\#(off)]}"#)
    return (.integer(Int64(sets[keys[0]]?.count ?? 0)), came.isEmpty && went.isEmpty ? nil : told)
  }

  private mutating func goes(_ user: String, _ key: String) -> Bool {
    let left = (hashes[key]?[user] ?? 0) - 1
    hashes[key, default: [:]][user] = left > 0 ? left : nil
    return left <= 0
  }

  private func find(_ keys: [String], _ users: [String]) -> RedisReply {
    .array(
      users.map { user in
        hashes[keys[1]]?[user] != nil ? .integer(-1) : .integer(sorted[keys[0]]?[user] ?? 0)
      })
  }
}
