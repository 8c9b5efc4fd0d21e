import ChatCore
import IORuntime
import Redis

/// Asks how users are, one script for some of each share.
///
/// - Isolation: its loop.
final class PresenceLookup {
  /// Milliseconds that a request waits for the shares of a master that is stopped: less than anybody notices.
  static let requestPatience: Milliseconds = 150
  /// The same for those who watch; what does not come is asked again.
  static let watchPatience: Milliseconds = 1_000

  private let loop: EventLoop
  private let client: RedisClient
  private let names: TopicNames
  private let usersPerScript: Int
  private let script = Scripts.find()

  init(loop: EventLoop, client: RedisClient, names: TopicNames, usersPerScript: Int) {
    self.loop = loop
    self.client = client
    self.names = names
    self.usersPerScript = usersPerScript
  }

  /// How users are; those whose share does not answer in time are left out.
  ///
  /// - Parameters:
  ///   - living: the nodes whose word counts.
  ///   - done: called once.
  func find(
    _ users: [UserID], living: [String], patience: Milliseconds, _ done: @escaping ([Presence]) -> Void
  ) {
    let parts = PresenceShare.sorted(users).flatMap { share, users in
      PresenceShare.parts(users, [], of: usersPerScript).map { (share, $0.came) }
    }
    guard !parts.isEmpty else { return done([]) }
    let answer = Answer(parts: parts.count, done)
    answer.timer = loop.schedule(after: patience) { answer.end() }
    for (share, users) in parts { find(users, in: share, living) { answer.add($0) } }
  }

  private func find(
    _ users: [UserID], in share: PresenceShare, _ living: [String], _ done: @escaping ([Presence]) -> Void
  ) {
    let keys = [share.seen(names)] + living.map { share.listed(names, by: $0) }
    do throws(RedisError) {
      try client.submit(script, keys: keys, arguments: users.map { String($0.rawValue) }) { result in
        done(PresenceShare.answers((try? result.get())?.elements ?? [], users))
      }
    } catch {
      done([])
    }
  }

  /// What has come so far; told once, when it is all or when patience has ended.
  private final class Answer {
    var timer: LoopTimer?
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
      timer?.cancel()
      let done = done
      self.done = nil
      done?(found)
    }
  }
}
