import ChatCore
import Redis

@testable import RedisBroker

/// Answers scripts as it is told to, and remembers them.
final class ScriptedWire: PresenceWire {
  struct Run { let script: PresenceScript, keys: [String], arguments: [String] }

  var now: Milliseconds = 0
  var isConnected = true
  var holdsLease = true
  /// Handed out once, to be buried.
  var dead: [String] = []
  /// What a lookup finds: who is not here is gone.
  var there: Set<UserID> = []
  /// Whether answers to renewals stay under way until ``letRenewalsCome()``.
  var holdsRenewals = false
  /// Sets of which nothing can be taken away.
  var failing: Set<String> = []
  private(set) var told: [Presence] = []
  private(set) var runs: [Run] = []
  private var timers: [(Milliseconds, () -> Void)] = []
  private var beginnings = 0
  private var renewals: [() -> Void] = []

  func newBeginning() -> Int {
    beginnings += 1
    return beginnings
  }

  func schedule(after delay: Milliseconds, _ body: @escaping () -> Void) -> () -> Void {
    timers.append((now + delay, body))
    return {}
  }

  func run(
    _ script: PresenceScript, keys: [String], arguments: [String],
    _ handler: @escaping (Result<RedisReply, RedisError>) -> Void
  ) {
    runs.append(Run(script: script, keys: keys, arguments: arguments))
    switch script {
    case .lease where arguments.last == "renew":
      let answer = RedisReply.array([.integer(holdsLease ? 1 : 0), .array(dead.map { .bulk(Array($0.utf8)) })])
      dead = []
      if holdsRenewals { renewals.append { handler(.success(answer)) } } else { handler(.success(answer)) }
    case .lease:
      let held = holdsLease || arguments.last == "begin"
      handler(.success(.array([.integer(held ? 1 : 0), .array([])])))
    case .say where failing.contains(keys[0]): handler(.failure(.unavailable))
    case .say: handler(.success(.integer(0)))
    case .find:
      let here = Set(there.map { String($0.rawValue) })
      handler(.success(.array(arguments.map { .integer(here.contains($0) ? -1 : 0) })))
    }
  }

  func tell(_ changes: [Presence], to place: Int) { told += changes }

  /// The oldest answer that is under way comes.
  func letOneRenewalCome() { if !renewals.isEmpty { renewals.removeFirst()() } }

  /// The answers that were under way come.
  func letRenewalsCome() {
    let coming = renewals
    renewals = []
    for come in coming { come() }
  }

  func pass(_ milliseconds: Milliseconds) {
    now += milliseconds
    let due = timers.filter { $0.0 <= now }
    timers.removeAll { $0.0 <= now }
    for (_, body) in due { body() }
  }

  func forget() { runs = [] }

  /// What was said in scripts, by the name under which it was.
  var said: [(name: String, arguments: [String])] {
    runs.filter { $0.script == .say }.map { run in
      (String(run.keys[0].split(separator: ":").last ?? ""), Array(run.arguments.dropFirst(3)))
    }
  }
}
