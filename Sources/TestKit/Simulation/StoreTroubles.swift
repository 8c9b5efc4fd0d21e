import ChatCore

/// What befalls statements on their way to a store and back.
protocol StoreTroubles: AnyObject {
  /// A statement sets out: takes its time, and throws when it will not run.
  func setsOut(_ statement: TroubledStore.Statement) async throws(ChatError)
  /// It has run, and its answer comes back; throws when nobody hears it.
  func comesBack(_ statement: TroubledStore.Statement) async throws(ChatError)
}

/// Statements that take a random time, fail, or succeed and say that they failed.
final class RandomTroubles: StoreTroubles {
  private let time: VirtualTime
  private let settings: SimulationSettings
  private var dice: SeededDice
  /// The database is away.
  var isAway = false
  /// Nothing goes wrong any more.
  var isCalm = false

  init(_ time: VirtualTime, _ settings: SimulationSettings, seed: UInt64) {
    self.time = time
    self.settings = settings
    dice = SeededDice(seed: seed)
  }

  func setsOut(_ statement: TroubledStore.Statement) async throws(ChatError) {
    await time.sleep(dice.pick(settings.latency))
    let fails = !isCalm && dice.next() % 1_000 < settings.failing
    if isAway || fails { throw .unavailable(.database, retryAfter: 100) }
  }

  func comesBack(_ statement: TroubledStore.Statement) async throws(ChatError) {
    // The answer takes its way back: what it says may be old when it comes.
    await time.sleep(dice.pick(settings.latency))
    guard statement == .write, !isCalm else { return }
    if dice.next() % 1_000 < settings.inDoubt { throw .unavailable(.database, retryAfter: 100) }
  }
}
