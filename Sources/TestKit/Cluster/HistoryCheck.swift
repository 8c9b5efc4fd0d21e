/// Judges a history against what is stored: the promise, as functions that find where it was broken.
///
/// Each gives sentences, one a break; none when the promise was kept. The names are those of reliability.md's
/// invariants.
/// - Cost: sorts and hashes over all deliveries; a hundred thousand take seconds in a debug build.
public struct HistoryCheck {
  let history: History
  let state: FinalState
  private let views: [Int: View]
  private let memberships: [Place: [ClosedRange<Int64>]]

  private struct Place: Hashable {
    let user: Int64
    let conversation: Int64
  }

  /// What one client has seen over all of its sessions.
  private struct View {
    var user: Int64
    /// What it had when it began: the log up to here was never owed to it.
    var base: [Int64: Int64] = [:]
    var seen: [Int64: [Int64: Moment]] = [:]
  }

  /// Takes both sides.
  public init(_ history: History, _ state: FinalState) {
    self.history = history
    self.state = state
    views = HistoryCheck.views(history)
    memberships = state.memberships.reduce(into: [:]) { places, membership in
      let place = Place(user: membership.user, conversation: membership.conversation)
      places[place, default: []].append(membership.seqs)
    }
  }

  /// All invariants that do not depend on time.
  public func broken() -> [String] { lost() + repeated() + disordered() + overheard() }

  // MARK: I1

  /// Acknowledged messages that are not stored as acknowledged, and stored entries that a member never saw.
  public func lost() -> [String] { lostFromLog() + lostFromViews() }

  private func lostFromLog() -> [String] {
    var stored: [Int64: [Int64: FinalState.Entry]] = [:]
    for (conversation, log) in state.logs {
      stored[conversation] = Dictionary(log.map { ($0.seq, $0) }, uniquingKeysWith: { first, _ in first })
    }
    return history.sends.compactMap { send in
      guard case .acknowledged(let id, let seq) = send.outcome else { return nil }
      let entry = stored[send.conversation]?[seq]
      if let entry, entry.message == id, entry.clientID == send.clientID, entry.sender == send.user { return nil }
      return "I1: \(send.clientID), acknowledged as \(id) at \(send.conversation)/\(seq), is not there"
    }
  }

  private func lostFromViews() -> [String] {
    var broken: [String] = []
    for (client, view) in views.sorted(by: { $0.key < $1.key }) {
      for (conversation, base) in view.base.sorted(by: { $0.key < $1.key }) {
        let seen = view.seen[conversation] ?? [:]
        let missing = (state.logs[conversation] ?? []).map(\.seq).filter { seq in
          seq > base && seen[seq] == nil && mayHear(view.user, conversation, seq)
        }
        guard let first = missing.first else { continue }
        broken.append("I1: client \(client) never saw \(missing.count) entries of \(conversation), first \(first)")
      }
    }
    return broken
  }

  // MARK: I2

  /// Entries that a session was sent twice, and messages that are stored twice.
  public func repeated() -> [String] {
    var broken: [String] = []
    var seen = Set<Key>()
    for delivery in history.deliveries {
      let key = Key(delivery.session, delivery.conversation, delivery.seq)
      if !seen.insert(key).inserted {
        broken.append("I2: session \(delivery.session) was sent \(delivery.conversation)/\(delivery.seq) twice")
      }
    }
    for (conversation, log) in state.logs {
      let ids = log.compactMap { entry in entry.clientID.map { "\(entry.sender):\($0)" } }
      broken += HistoryCheck.twice(ids).map { "I2: \($0) is stored twice in \(conversation)" }
      broken += HistoryCheck.twice(log.map(\.message).filter { $0 != 0 }).map { "I2: message \($0) is stored twice" }
    }
    return broken
  }

  private struct Key: Hashable {
    let session: Int
    let conversation: Int64
    let seq: Int64

    init(_ session: Int, _ conversation: Int64, _ seq: Int64) {
      self.session = session
      self.conversation = conversation
      self.seq = seq
    }
  }

  private static func twice<Element: Hashable>(_ elements: [Element]) -> [Element] {
    var seen = Set<Element>()
    return elements.filter { !seen.insert($0).inserted }
  }

  // MARK: I3

  /// Logs with holes, sessions that were sent entries out of order or with holes, and entries that differ from the log.
  public func disordered() -> [String] {
    var broken: [String] = []
    for (conversation, log) in state.logs.sorted(by: { $0.key < $1.key }) {
      let expected = (0..<log.count).map { Int64($0) + (log.first?.seq ?? 1) }
      if log.map(\.seq) != expected { broken.append("I3: the log of \(conversation) is not dense") }
    }
    return broken + disorderedSessions() + differingEntries()
  }

  private func disorderedSessions() -> [String] {
    var broken: [String] = []
    var last: [Int: [Int64: Int64]] = [:]
    for delivery in history.deliveries {
      let session = history.sessions[delivery.session]
      let before = last[delivery.session]?[delivery.conversation] ?? session.heads[delivery.conversation]
      last[delivery.session, default: [:]][delivery.conversation] = delivery.seq
      guard let before, delivery.seq != before + 1, !isGap(before, delivery, session.user) else { continue }
      broken.append(
        "I3: session \(delivery.session) was sent \(delivery.conversation)/\(delivery.seq) after \(before)")
    }
    return broken
  }

  /// Whether all between the two was not for him.
  private func isGap(_ before: Int64, _ delivery: History.Delivery, _ user: Int64) -> Bool {
    guard before < delivery.seq else { return false }
    return (before + 1..<delivery.seq).allSatisfy { !mayHear(user, delivery.conversation, $0) }
  }

  private func differingEntries() -> [String] {
    var messages: [Int64: [Int64: Int64]] = [:]
    for (conversation, log) in state.logs {
      messages[conversation] = Dictionary(log.map { ($0.seq, $0.message) }, uniquingKeysWith: { first, _ in first })
    }
    return history.deliveries.compactMap { delivery in
      guard let log = messages[delivery.conversation] else { return nil }
      guard let stored = log[delivery.seq] else {
        return "I3: \(delivery.conversation)/\(delivery.seq) was delivered and is not stored"
      }
      if stored == delivery.message { return nil }
      return "I3: \(delivery.conversation)/\(delivery.seq) was delivered as \(delivery.message), stored as \(stored)"
    }
  }

  // MARK: I8

  /// Entries that reached somebody who was not a member at that place.
  public func overheard() -> [String] {
    history.deliveries.compactMap { delivery in
      let user = history.sessions[delivery.session].user
      if mayHear(user, delivery.conversation, delivery.seq) { return nil }
      return "I8: user \(user) heard \(delivery.conversation)/\(delivery.seq)"
    }
  }

  private func mayHear(_ user: Int64, _ conversation: Int64, _ seq: Int64) -> Bool {
    memberships[Place(user: user, conversation: conversation)]?.contains { $0.contains(seq) } ?? false
  }

  // MARK: I4

  /// Acknowledged messages that a client got later than `milliseconds` after the acknowledgement, after `healedAt`, and
  /// after the client was there, whichever was last.
  public func late(_ milliseconds: Int64, after healedAt: Moment = 0) -> [String] {
    var broken: [String] = []
    for send in history.sends {
      guard case .acknowledged(_, let seq) = send.outcome, let ackedAt = send.endedAt else { continue }
      for (client, view) in views where seq > view.base[send.conversation] ?? .max {
        guard let seenAt = view.seen[send.conversation]?[seq] else { continue }
        let owedFrom = max(ackedAt, healedAt, resumed(client, before: seenAt))
        let took = seenAt - owedFrom
        if took > milliseconds * 1_000, took - history.starved(from: owedFrom, to: seenAt) > milliseconds * 1_000 {
          broken.append(
            "I4: client \(client) saw \(send.conversation)/\(seq) only \(took / 1_000) ms too late"
          )
        }
      }
    }
    return broken
  }

  /// When the session in which the client saw something at that moment had been resumed.
  private func resumed(_ client: Int, before moment: Moment) -> Moment {
    history.sessions.filter { $0.client == client }.compactMap(\.resumedAt).filter { $0 <= moment }.max() ?? 0
  }

  // MARK: I7

  /// Attempts that waited longer than that for their answer, and not for a core.
  public func slow(_ milliseconds: Int64) -> [String] {
    history.sends.filter { send in
      let end = send.longestAttemptAt + send.longestAttempt
      let starved = history.starved(from: send.longestAttemptAt, to: end)
      return send.longestAttempt - starved > milliseconds * 1_000
    }.map { "I7: an attempt of \($0.clientID) took \($0.longestAttempt / 1_000) ms" }
  }

  // MARK: Latencies

  /// Delays in microseconds from each send's beginning to each client's seeing it, ascending.
  public func delays() -> [Moment] {
    history.sends.flatMap { send -> [Moment] in
      guard case .acknowledged(_, let seq) = send.outcome else { return [] }
      return views.values.compactMap { $0.seen[send.conversation]?[seq].map { $0 - send.invokedAt } }
    }.sorted()
  }

  /// `p50 1.2 ms, p99 8.0 ms, max 20.1 ms over 3000`.
  public static func describe(_ sorted: [Moment]) -> String {
    guard !sorted.isEmpty else { return "none" }
    func at(_ share: Double) -> String {
      let value = sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]
      return "\(value / 1_000).\(value / 100 % 10) ms"
    }
    return "p50 \(at(0.5)), p99 \(at(0.99)), max \(at(1)) over \(sorted.count)"
  }

  /// The median delay in milliseconds of what was begun in each stretch of that many milliseconds: where a fault began
  /// and ended shows in it.
  public func timeline(_ milliseconds: Int64 = 500) -> String {
    medians(of: milliseconds).map { String($0.delay / 1_000) }.joined(separator: " ")
  }

  /// How many milliseconds after a fault delivery was as before again in the conversations that it concerned.
  ///
  /// That is when the last quarter of a second ended that had a median delay there above 300 ms, which is what delivery
  /// by the heads alone is above, without what was waited for a core, and above twice what it was in the others, which
  /// share the machine; 0 when there was none. What was begun after `end` does not count.
  public func healed(since fault: Moment, in conversations: Set<Int64>, until end: Moment = .max) -> Int64 {
    let others = Set(history.sends.map(\.conversation)).subtracting(conversations)
    let usual = Dictionary(uniqueKeysWithValues: medians(of: 250, in: others).map { ($0.begin, $0.delay) })
    let slow = medians(of: 250, in: conversations).last {
      $0.begin + 250_000 > fault && $0.begin < end && $0.delay > max(300_000, 2 * usual[$0.begin, default: 0])
        && $0.delay - history.starved(from: $0.begin, to: $0.begin + 250_000 + $0.delay) > 300_000
    }
    return slow.map { ($0.begin + 250_000 - fault) / 1_000 } ?? 0
  }

  private func medians(
    of milliseconds: Int64, in conversations: Set<Int64>? = nil
  ) -> [(begin: Moment, delay: Moment)] {
    guard let begin = history.sends.map(\.invokedAt).min() else { return [] }
    let length = milliseconds * 1_000
    var stretches: [Int64: [Moment]] = [:]
    for send in history.sends where conversations?.contains(send.conversation) ?? true {
      guard case .acknowledged(_, let seq) = send.outcome else { continue }
      let seen = views.values.compactMap { $0.seen[send.conversation]?[seq] }
      stretches[(send.invokedAt - begin) / length, default: []] += seen.map { $0 - send.invokedAt }
    }
    return stretches.filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }.map { stretch, delays in
      (begin + stretch * length, delays.sorted()[delays.count / 2])
    }
  }

  private static func views(_ history: History) -> [Int: View] {
    var views: [Int: View] = [:]
    for session in history.sessions {
      var view = views[session.client] ?? View(user: session.user)
      view.base.merge(session.heads) { old, _ in old }
      views[session.client] = view
    }
    for delivery in history.deliveries {
      let client = history.sessions[delivery.session].client
      let seen = views[client]?.seen[delivery.conversation]?[delivery.seq]
      views[client]?.seen[delivery.conversation, default: [:]][delivery.seq] = seen ?? delivery.at
    }
    return views
  }
}
