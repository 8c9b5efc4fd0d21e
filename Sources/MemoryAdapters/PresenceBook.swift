import ChatCore
import Synchronization

/// What joins the directories of one process: who is listed by whom, and when the others were last there.
///
/// - Limits: none but the machine's memory, as ``MemoryWorld``.
/// - Isolation: thread-safe; each directory is called back through its own hop.
public final class PresenceBook: Sendable {
  private struct State: Sendable {
    var directories: [MemoryPresence] = []
    var listed: [UserID: Set<Int>] = [:]
    var seen: [UserID: Timestamp] = [:]

    func presence(of user: UserID) -> Presence {
      listed[user] != nil
        ? Presence(user: user, status: .online)
        : Presence(user: user, status: .offline, lastSeenAt: seen[user])
    }
  }

  private let state = Mutex(State())
  private let clock: any Clock

  /// An empty book whose times come from `clock`.
  public init(clock: any Clock = WallClock()) { self.clock = clock }

  func join(_ directory: MemoryPresence) -> Int {
    state.withLock { state in
      state.directories.append(directory)
      return state.directories.count - 1
    }
  }

  func presence(of users: [UserID]) -> [Presence] {
    state.withLock { state in users.map { state.presence(of: $0) } }
  }

  func tell(came: [UserID], went: [UserID], by place: Int) {
    let now = clock.now
    let (changed, directories) = state.withLock { state in
      var changed: [Presence] = []
      for user in came where state.listed[user, default: []].insert(place).inserted {
        if state.listed[user]?.count == 1 { changed.append(state.presence(of: user)) }
      }
      for user in went where state.listed[user]?.remove(place) != nil && state.listed[user]?.isEmpty == true {
        state.listed[user] = nil
        state.seen[user] = now
        changed.append(state.presence(of: user))
      }
      return (changed, state.directories)
    }
    guard !changed.isEmpty else { return }
    for directory in directories { directory.told(changed) }
  }

  func bury(_ place: Int) {
    let users = state.withLock { state in state.listed.filter { $0.value.contains(place) }.keys.sorted() }
    tell(came: [], went: users, by: place)
  }
}
