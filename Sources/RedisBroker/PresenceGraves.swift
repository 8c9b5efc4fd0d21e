import ChatCore

/// The dead names whose users a node takes away, and those it has taken away lately: what a master has answered may be
/// lost with it, and is then done again. Pure.
///
/// - Limits: ``most`` names; ``keptFor``.
struct PresenceGraves {
  /// How long a burial is remembered: a master's end is noticed and made good within this, many times over.
  static let keptFor: Milliseconds = 60_000
  /// Nodes of which one other may see the end in that time: more than any cluster has for each.
  static let most = 64

  private struct Grave {
    var since: Milliseconds
    /// Of which shares something may still stand under the name.
    var open: Set<PresenceShare>
  }

  private var graves: [String: Grave] = [:]

  /// All that was said under a name is to be taken away.
  mutating func open(_ name: String, at now: Milliseconds) {
    graves[name] = Grave(since: now, open: Set(PresenceShare.all))
    if graves.count > Self.most, let oldest = graves.min(by: { $0.value.since < $1.value.since })?.key {
      graves[oldest] = nil
    }
  }

  /// What was answered of these shares may be lost.
  mutating func doubt(_ shares: [PresenceShare], at now: Milliseconds) {
    graves = graves.filter { !$0.value.open.isEmpty || now - $0.value.since < Self.keptFor }
    for name in graves.keys { graves[name]?.open.formUnion(shares) }
  }

  /// Taking away failed.
  mutating func failed(_ name: String, _ share: PresenceShare, at now: Milliseconds) {
    graves[name]?.open.insert(share)
    graves[name]?.since = now
  }

  /// What is to be taken away now.
  mutating func take() -> [(name: String, shares: [PresenceShare])] {
    let due = graves.filter { !$0.value.open.isEmpty }.sorted { $0.key < $1.key }
    for (name, _) in due { graves[name]?.open = [] }
    return due.map { ($0.key, $0.value.open.sorted { $0.number < $1.number }) }
  }
}
