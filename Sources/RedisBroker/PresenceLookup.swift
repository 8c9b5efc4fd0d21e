import ChatCore
import Redis

/// Asks how users are, one script for some of each share.
///
/// - Isolation: its loop.
final class PresenceLookup {
  /// Milliseconds that a request waits for the shares of a master that is stopped: less than anybody notices.
  static let requestPatience: Milliseconds = 150
  /// The same for those who watch; what does not come is asked again.
  static let watchPatience: Milliseconds = 1_000

  private unowned let wire: any PresenceWire
  private let names: TopicNames
  private let usersPerScript: Int

  init(wire: any PresenceWire, names: TopicNames, usersPerScript: Int) {
    self.wire = wire
    self.names = names
    self.usersPerScript = usersPerScript
  }

  /// How users are; those whose share does not answer in time are left out.
  ///
  /// - Parameter done: called once.
  func find(_ users: [UserID], patience: Milliseconds, _ done: @escaping ([Presence]) -> Void) {
    let parts = PresenceShare.sorted(users).sorted { $0.key.number < $1.key.number }.flatMap { share, users in
      PresenceShare.parts(users, [], of: usersPerScript).map { (share, $0.came) }
    }
    guard !parts.isEmpty else { return done([]) }
    let answer = Answer(parts: parts.count, done)
    answer.stopTimer = wire.schedule(after: patience) { answer.end() }
    for (share, users) in parts {
      let keys = [share.seen(names), share.online(names)]
      wire.run(.find, keys: keys, arguments: users.map { String($0.rawValue) }) { result in
        answer.add(PresenceShare.answers((try? result.get())?.elements ?? [], users))
      }
    }
  }

  /// What has come so far; told once, when it is all or when patience has ended.
  private final class Answer {
    var stopTimer: (() -> Void)?
    private var left: Int
    private var found: [Presence] = []
    private var done: (([Presence]) -> Void)?

    init(parts: Int, _ done: @escaping ([Presence]) -> Void) {
      left = parts
      self.done = done
    }

    func add(_ part: [Presence]) {
      found += part
      left -= 1
      if left == 0 { end() }
    }

    func end() {
      stopTimer?()
      stopTimer = nil
      let done = done
      self.done = nil
      done?(found)
    }
  }
}
