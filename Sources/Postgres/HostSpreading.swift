import Synchronization

/// Whether a URL's hosts all take writes, as the nodes of a Citus do, so that connections are spread over them.
///
/// - Shape: `postgresql://ada@node1,node2/chat?load_balance_hosts=random`; `disable`, or nothing, says that one of
///   the hosts takes writes and the others stand by.
/// - Source: libpq 16's word; older ones refuse to read it, so it is taken out before they see the URL.
public struct HostSpreading: Sendable {
  /// The URL without the word.
  public let url: String
  /// Whether connections are spread.
  public let isWanted: Bool

  /// Reads either form of a URL.
  ///
  /// - Throws: ``PostgresError/misconfigured(_:)``, without the URL's text, since it may hold a password.
  public init(of text: String) throws(PostgresError) {
    let (rest, value) = text.contains("://") ? HostSpreading.query(text) : HostSpreading.keywords(text)
    switch value {
    case nil, "disable": isWanted = false
    case "random": isWanted = true
    default: throw .misconfigured("load_balance_hosts in the database URL is random or disable.")
    }
    url = rest
  }

  private static let word = "load_balance_hosts"

  private static func query(_ text: String) -> (String, String?) {
    guard let mark = text.firstIndex(of: "?") else { return (text, nil) }
    let items = text[text.index(after: mark)...].split(separator: "&")
    let rest = items.filter { !$0.hasPrefix(word + "=") }.joined(separator: "&")
    let value = items.last { $0.hasPrefix(word + "=") }.map { String($0.dropFirst(word.count + 1)) }
    return (text[..<mark] + (rest.isEmpty ? "" : "?" + rest), value)
  }

  private static func keywords(_ text: String) -> (String, String?) {
    guard let match = text.firstMatch(of: /(?:^|\s)load_balance_hosts\s*=\s*'?(\w*)'?/) else { return (text, nil) }
    return (text.replacing(match.0, with: " "), String(match.1))
  }
}

/// Which of the hosts may be tried, over all loops of a node, where connections are spread: a host that has failed, or
/// whose connections are lost, is tried by one connection at a time, after a rest that grows.
///
/// - Isolation: thread-safe.
final class HostGate: Sendable {
  /// The first rest after a failure, doubled with each more; chosen by chance between the half and the whole.
  private static let restBase: Int64 = 250
  /// The longest rest: a host that is back is used again within it and ``PostgresPool/rebalanceInterval``.
  private static let restMax: Int64 = 5_000

  private struct Doubt {
    var failures = 0
    var nextTry: Int64
  }

  private let doubts = Mutex<[Int: Doubt]>([:])

  /// Whether a try may begin now; of a host in doubt it takes the pass, for as long as a try may last.
  func mayTry(_ host: Int, at now: Int64, lasting: Int64) -> Bool {
    doubts.withLock { doubts in
      guard let doubt = doubts[host] else { return true }
      guard doubt.nextTry <= now else { return false }
      doubts[host]?.nextTry = now + lasting
      return true
    }
  }

  /// How long until any of so many hosts may be tried.
  func pause(_ hosts: Int, at now: Int64) -> Int64 {
    doubts.withLock { doubts in
      max(1, ((0..<hosts).map { doubts[$0]?.nextTry ?? now }.min() ?? now) - now)
    }
  }

  /// A connection to it was lost: the next try shows what that means.
  func lost(_ host: Int, at now: Int64) {
    doubts.withLock { doubts in if doubts[host] == nil { doubts[host] = Doubt(nextTry: now) } }
  }

  /// It could not be connected to.
  func failed(_ host: Int, at now: Int64) {
    doubts.withLock { doubts in
      let failures = min((doubts[host]?.failures ?? 0) + 1, 16)
      let bound = min(HostGate.restMax, HostGate.restBase << Int64(failures - 1))
      doubts[host] = Doubt(failures: failures, nextTry: now + Int64.random(in: bound / 2...bound))
    }
  }

  /// It could.
  func succeeded(_ host: Int) { doubts.withLock { $0[host] = nil } }
}
