import ChatCore
import Delivery

/// Telling a client who of those that it knows has come or gone.
extension DialectSession {
  /// Asks the domain whether the client may know it of them, and is told of those; the others are let be.
  ///
  /// - Limits: `DeliveryLimits/watchedMax` in all.
  func watch(_ people: [Author]) {
    let new = people.filter { $0.id != user?.id && !watching.contains($0.id) }
    guard let caller, !new.isEmpty, watching.count + new.count <= door.hub.limits.watchedMax else { return }
    watching.formUnion(new.map(\.id))
    door.ports.spawn { [self] in
      var rest = new[...]
      while !rest.isEmpty {
        let some = rest.prefix(mount.chat.limits.presenceUsersMax)
        rest = rest.dropFirst(some.count)
        let moment = door.hub.rightsMoment
        let allowed = (try? await MayWatch(users: some.map(\.id)).run(in: mount.chat, as: caller)) ?? []
        begin(some.filter { allowed.contains($0.id) }, asOf: moment)
        watching.subtract(some.map(\.id).filter { !allowed.contains($0) })
      }
    }
  }

  private func begin(_ people: [Author], asOf moment: UInt64) {
    guard let seat else { return }
    for one in people {
      door.names.add(one)
      watched.append(one.id)
    }
    _ = door.hub.watch(seat, people.map(\.id), asOf: moment)
  }

  /// The client may know it of them no more; it is asked for anew when they meet again.
  public func watchingEnded(_ users: [UserID]) {
    watching.subtract(users)
    // That he has gone meanwhile is news when the client hears of him again; that he is there, too.
    if lastSeen.count < door.hub.limits.watchedMax { lastSeen.formUnion(online.intersection(users)) }
    online.subtract(users)
    watched.removeAll { user in
      guard users.contains(user) else { return false }
      door.names.remove(user)
      return true
    }
  }

  /// Whether the client does not know this of him yet; of who was not there, it is nothing new that he is not.
  func isNews(_ presence: Presence) -> Bool {
    let wasSeen = lastSeen.remove(presence.user) != nil
    return presence.status == .online
      ? online.insert(presence.user).inserted : online.remove(presence.user) != nil || wasSeen
  }

  /// The session is over.
  func unwatchAll() {
    for user in watched { door.names.remove(user) }
    watched = []
  }
}

/// The names of those whom sessions of one door watch: presence itself knows ids only.
///
/// - Isolation: the door's loop.
final class WatchedNames: @unchecked Sendable {
  private var known: [UserID: (name: String, sessions: Int)] = [:]

  subscript(user: UserID) -> String? { known[user]?.name }

  func add(_ author: Author) { known[author.id] = (author.username, (known[author.id]?.sessions ?? 0) + 1) }

  func remove(_ user: UserID) {
    guard let (name, sessions) = known[user] else { return }
    known[user] = sessions > 1 ? (name, sessions - 1) : nil
  }
}
