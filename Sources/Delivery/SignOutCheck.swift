import ChatCore

/// Asks now and then whether the sign-in sessions behind the attached sessions are still alive: the signal may have
/// been lost.
final class SignOutCheck: @unchecked Sendable {
  private unowned let hub: Hub
  private let store: any SessionStore
  private var timer: (any Cancellable)?

  init(hub: Hub, store: any SessionStore) {
    self.hub = hub
    self.store = store
  }

  /// Between half the period and all of it, so that the nodes of a cluster do not ask at once.
  func schedule() {
    let every = hub.limits.signOutCheckEvery
    let wait = every / 2 + Milliseconds(hub.ports.random(below: UInt64(max(1, every / 2))))
    timer = hub.ports.schedule(after: wait) { [weak self] in self?.begin() }
  }

  func stop() {
    timer?.cancel()
    timer = nil
  }

  private func begin() {
    let ids = hub.signInsAttached
    guard !ids.isEmpty else { return schedule() }
    hub.ports.spawn { [hub] in await hub.signOutCheck.check(ids) }
  }

  /// A part that fails is asked again with the next check.
  private func check(_ ids: [SessionID]) async {
    var rest = ids[...]
    while !rest.isEmpty {
      let some = Array(rest.prefix(hub.limits.headsPerStatement))
      rest = rest.dropFirst(some.count)
      guard let ended = try? await store.ended(among: some) else { continue }
      hub.end(signIns: Set(ended))
    }
    if timer != nil { schedule() }
  }
}
