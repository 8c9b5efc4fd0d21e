import IORuntime

/// Who wants to know who has which slots; on the loop.
protocol ClusterWatchOwner: AnyObject {
  /// A node has said it; maybe what the one before said.
  func clusterTold(_ map: ClusterMap)
  /// Whether all masters of the map are connected.
  var isWhole: Bool { get }
}

/// Keeps the map of a cluster, for a client and the subscribers beside it: asks one of its nodes now and then, and when
/// something is not as the map says.
///
/// Each question has a connection of its own, since one that listens cannot ask, and one that is stopped would have to
/// be waited for. Only nodes that the settings or an answer have named are asked; an address in a refusal never is.
///
/// - Isolation: its loop.
final class ClusterWatch: RedisConnectionOwner, @unchecked Sendable {
  /// How long a question may take, in milliseconds: connecting, greeting and answering; then another node is asked.
  static let patience: Int64 = 1_000

  private struct Owner {
    weak var owner: (any ClusterWatchOwner)?
  }

  private let loop: EventLoop
  private let settings: RedisSettings
  private let trust: RedisTrust
  private let observe: (RedisChange) -> Void
  private var owners: [Owner] = []
  /// Who has which slots, as far as is known.
  private(set) var map: ClusterMap?
  /// Answers so far.
  private(set) var refreshes = 0
  /// Those of them that said something new.
  private(set) var changes = 0
  private var plan: RefreshPlan
  private var timer: (timer: LoopTimer, at: Int64)?
  private var question: (connection: RedisConnection, address: RedisAddress)?
  private var epoch: Int64 = 0
  private var wantsMore = false
  /// Whose silence has been told; once is enough.
  private var told: Set<RedisAddress> = []
  private var isOver = true
  private var random = SystemRandomNumberGenerator()

  /// Asks nobody until ``start()``; `calm` is how often while all is well, in milliseconds.
  init(
    loop: EventLoop, settings: RedisSettings, trust: RedisTrust, calm: Int64 = RefreshPlan.calm,
    observe: @escaping (RedisChange) -> Void
  ) {
    self.loop = loop
    var settings = settings
    settings.connectDeadline = ClusterWatch.patience
    settings.replyDeadline = ClusterWatch.patience
    self.settings = settings
    self.trust = trust
    self.observe = observe
    plan = RefreshPlan(seeds: settings.seeds, calm: calm, using: &random)
  }

  /// Somebody wants to be told, also what is known already.
  func join(_ owner: any ClusterWatchOwner) {
    owners.append(Owner(owner: owner))
    if let map { owner.clusterTold(map) }
  }

  func leave(_ owner: any ClusterWatchOwner) { owners.removeAll { $0.owner == nil || $0.owner === owner } }

  func start() {
    guard isOver else { return }
    isOver = false
    ask()
  }

  func close() {
    isOver = true
    timer?.timer.cancel()
    timer = nil
    question?.connection.end(.connectionLost)
  }

  /// Something is not as the map says.
  func refreshSoon() {
    guard !isOver else { return }
    guard question == nil else { return wantsMore = true }
    schedule(plan.soon(after: loop.now, using: &random))
  }

  /// A node said that another has a slot now; false when that is nobody we know.
  func moved(_ slot: HashSlot, to address: RedisAddress?) -> Bool {
    refreshSoon()
    guard let address else { return false }
    return map?.move(slot, to: address) ?? false
  }

  // MARK: Asking

  private func schedule(_ at: Int64) {
    if let timer, timer.at <= at { return }
    timer?.timer.cancel()
    let later = loop.schedule(after: max(0, at &- loop.now)) { [weak self] in self?.ask() }
    timer = (later, at)
  }

  private func ask() {
    timer?.timer.cancel()
    timer = nil
    guard !isOver, question == nil, let address = plan.ask(at: loop.now) else { return }
    wantsMore = false
    epoch = 0
    let connection = RedisConnection(loop: loop, settings: settings.at(address), owner: self)
    question = (connection, address)
    do throws(TLSError) {
      connection.open(tls: try trust.client())
    } catch {
      let words = error.description
      loop.execute { connection.end(.unreachable(words)) }
    }
  }

  func connectionReady(_ connection: RedisConnection) {
    guard connection === question?.connection else { return }
    do throws(RedisError) {
      try connection.submit(RedisCommand("CLUSTER", "INFO")) { [weak self] in self?.told(info: $0) }
      try connection.submit(RedisCommand("CLUSTER", "SLOTS")) { [weak self] in self?.told(slots: $0) }
    } catch {
      connection.end(error)
    }
  }

  /// An ACL user without CLUSTER INFO does without epochs.
  private func told(info: Result<RedisReply, RedisError>) {
    guard case .success(let reply) = info else { return }
    epoch = ClusterInfo(reply)?.epoch ?? 0
  }

  private func told(slots: Result<RedisReply, RedisError>) {
    // A connection that is lost is told at its end.
    guard let asked = question else { return }
    do throws(RedisError) {
      switch slots {
      case .success(let reply):
        var fresh = try ClusterMap(reply, heardFrom: asked.address)
        fresh.epoch = epoch
        question = nil
        asked.connection.end(.connectionLost)
        take(fresh, from: asked.address)
      case .failure(.refused(let text)): throw .refused(text)
      case .failure: return
      }
    } catch {
      asked.connection.end(error)
    }
  }

  private func take(_ fresh: ClusterMap, from address: RedisAddress) {
    told.remove(address)
    let isNews = map.map { !$0.says(fresh) } ?? true
    let isBelieved = plan.answered(address, fresh)
    if isBelieved {
      refreshes += 1
      map = fresh
      if isNews {
        changes += 1
        told = []
        observe(.topology(fresh.description))
      }
      for owner in owners { owner.owner?.clusterTold(fresh) }
    }
    planNext(isBelieved: isBelieved)
  }

  /// An answer that is not believed says nothing of how things are.
  private func planNext(isBelieved: Bool) {
    guard !isOver else { return }
    let isWell =
      isBelieved && !wantsMore && map?.slotsCovered == Int(HashSlot.count)
      && owners.allSatisfy { $0.owner?.isWhole != false }
    schedule(plan.next(after: loop.now, allIsWell: isWell, using: &random))
  }

  func connectionEnded(_ connection: RedisConnection, _ error: RedisError, wasReady: Bool) {
    guard let asked = question, connection === asked.connection else { return }
    question = nil
    guard !isOver else { return }
    if told.insert(asked.address).inserted { observe(.silent(asked.address, error)) }
    schedule(plan.failed(asked.address, at: loop.now, using: &random))
  }

  func takesPush(_ reply: RedisReply) -> Bool { false }
  func connectionRefused(_ text: String) {}
}
