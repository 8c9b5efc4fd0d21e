/// Writes the history down while clients act.
///
/// - Isolation: one loop.
public final class Recorder: @unchecked Sendable {
  /// What has happened so far.
  public private(set) var history = History()
  private var clients = 0
  /// None where the system gives no thread: times are judged as they are then.
  private let standstill = try? Standstill()

  /// An empty record.
  public init() {}

  func newClient() -> Int {
    clients += 1
    return clients
  }

  func began(_ session: History.Session) -> Int {
    history.sessions.append(session)
    return history.sessions.count - 1
  }

  func resumed(_ session: Int, heads: [Int64: Int64]) {
    history.sessions[session].resumedAt = Stopwatch.now
    history.sessions[session].heads.merge(heads) { named, _ in named }
  }

  func closed(_ session: Int, _ code: UInt16) {
    guard history.sessions[session].closedAt == nil else { return }
    history.sessions[session].closedAt = Stopwatch.now
    history.sessions[session].closeCode = code
  }

  func delivered(_ delivery: History.Delivery) { history.deliveries.append(delivery) }

  func invoked(_ send: History.Send) -> Int {
    history.sends.append(send)
    return history.sends.count - 1
  }

  func attempted(_ send: Int, from begin: Moment) {
    let took = Stopwatch.now - begin
    guard took > history.sends[send].longestAttempt else { return }
    history.sends[send].longestAttempt = took
    history.sends[send].longestAttemptAt = begin
  }

  /// Looks how the machine does; to be called again and again while something is judged by its time.
  func lookAround() {
    history.starvation.append((Stopwatch.now, Starvation.waited() + (standstill?.stood ?? 0)))
  }

  func repeated(_ send: Int) { history.sends[send].attempts += 1 }

  func ended(_ send: Int, _ outcome: History.Outcome) {
    history.sends[send].outcome = outcome
    history.sends[send].endedAt = Stopwatch.now
  }
}
