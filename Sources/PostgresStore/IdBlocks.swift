import ChatCore
import IORuntime
import Postgres
import Synchronization

/// Numbers for conversations and sessions, taken from the database a block at a time; their order means nothing.
///
/// They come from the row of bucket 0 as long as it answers. On a Citus whose node with that bucket is away nobody
/// could sign in or make a conversation: there a loop goes on with a row on another node (``Source``), until that
/// fails. What is left of a block when the node ends is never used.
///
/// - Limits: one block of a kind is asked for at a time, and shared by all who wait for it, at most ``waitingMax``; no
///   row is asked when a statement's time has passed since the first.
/// - Isolation: thread-safe; one a loop.
final class IdBlocks: Sendable {
  /// What the numbers are for.
  enum Kind: String {
    case conversation, session
  }

  /// Numbers taken at once: a node that makes a thousand conversations a second asks four times.
  static let blockSize: Int64 = 256
  /// As many as may wait in the pool.
  static let waitingMax = 2_048

  static let take = Statement(
    "ids.take",
    """
    INSERT INTO id_block AS i (bucket, kind, next) VALUES ($1, $2, $4 + $3)
    ON CONFLICT (bucket, kind) DO UPDATE SET next = i.next + $3
    RETURNING i.next - $3
    """)

  private let pool: PostgresPool
  private let desk: ScatterDesk
  private let state = Mutex(State())

  /// - Parameter desk: knows on which node of a Citus a row lies.
  init(pool: PostgresPool, desk: ScatterDesk) {
    self.pool = pool
    self.desk = desk
  }

  /// A number that nobody else of that kind has.
  func next(_ kind: Kind) async throws(PostgresError) -> Int64 {
    while true {
      switch await turn(of: kind) {
      case .number(let number): return number
      case .take: return try await refill(kind)
      case .again: continue
      case .failed(let error): throw error
      }
    }
  }

  private func turn(of kind: Kind) async -> Turn {
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Turn, Never>) in
      let turn = state.withLock { $0.turn(of: kind, continuation) }
      if let turn { continuation.resume(returning: turn) }
    }
  }

  /// Takes a block for all who want one.
  private func refill(_ kind: Kind) async throws(PostgresError) -> Int64 {
    do throws(PostgresError) {
      let block = try await block(of: kind)
      let rest = (block.lowerBound + 1)..<block.upperBound
      for waiting in state.withLock({ $0.end(kind, with: rest) }) { waiting.resume(returning: .again) }
      return block.lowerBound
    } catch {
      for waiting in state.withLock({ $0.end(kind, with: nil) }) { waiting.resume(returning: .failed(error)) }
      throw error
    }
  }

  /// From the row that answered last; where that does not, on a Citus from those on other nodes.
  private func block(of kind: Kind) async throws(PostgresError) -> Range<Int64> {
    let begin = EventLoop.monotonicMilliseconds()
    let first = state.withLock { $0.source }
    var rest = Source.all[first...] + Source.all[..<first]
    var failure = PostgresError.unexpectedReply("all numbers are used up")
    while let source = rest.popFirst() {
      var mayGoOn = true
      do throws(PostgresError) {
        if let block = try await take(kind, from: source) { return block }
      } catch {
        guard error.mayBeOfOneRow else { throw error }
        failure = error
        // A plain server that is in trouble is not to be asked sixteen times for each who comes.
        mayGoOn = await desk.isOnCitus()
        if mayGoOn { rest = await elsewhere(rest, than: source) }
      }
      // Who comes next begins there, and does not wait for this one again.
      if mayGoOn {
        let next = rest.first?.place ?? 0
        state.withLock { $0.source = next }
      }
      guard mayGoOn, EventLoop.monotonicMilliseconds() - begin < pool.patience else { break }
    }
    throw failure
  }

  /// A block of that row; nil when its range is used up.
  private func take(_ kind: Kind, from source: Source) async throws(PostgresError) -> Range<Int64>? {
    let parameters: [Parameter] = [
      .int2(source.bucket), .text(kind.rawValue), .int8(Self.blockSize), .int8(source.numbers.lowerBound),
    ]
    let rows = try await pool.query(Self.take, parameters)
    guard let first = try rows.first?.int8(0) else { throw .unexpectedReply("no block of ids") }
    guard source.numbers.contains(first), source.numbers.upperBound - first >= Self.blockSize else { return nil }
    return first..<first + Self.blockSize
  }

  /// Those of the rows that lie on other nodes than one does; all, when no node says where they lie.
  private func elsewhere(_ rows: ArraySlice<Source>, than away: Source) async -> ArraySlice<Source> {
    let buckets = Set(rows.map(\.bucket) + [away.bucket])
    guard let groups = try? await desk.groups(of: buckets, pool),
      let lost = groups.first(where: { $0.contains(away.bucket) })
    else { return rows }
    return rows.filter { !lost.contains($0.bucket) }[...]
  }
}

extension IdBlocks {
  /// A row of `id_block` and the range of numbers that it alone gives out.
  ///
  /// Releases before know that of bucket 0 only, and use it as this one does: so both may run beside each other.
  struct Source {
    /// Which it is.
    let place: Int
    let numbers: Range<Int64>

    /// Far apart, so that a Citus has them in different shards: those are ranges of the buckets' hashes.
    var bucket: Int16 { Int16(place * 256) }

    /// Sixteen, in the order in which they are tried. The first has half of the numbers below those of imports, which
    /// begin at 2^40 (``ImportKey``): 10,000 a second for a year and a half. The others share the other half.
    static let all: [Source] = (0..<16).map { place in
      let (half, share) = (Int64(1) << 39, Int64(1) << 35)
      let first = half + Int64(place - 1) * share
      return Source(place: place, numbers: place == 0 ? 1..<half : first..<first + share)
    }
  }

  /// What to do for a number.
  private enum Turn {
    case number(Int64)
    case take
    /// A block has come.
    case again
    case failed(PostgresError)
  }

  private struct State {
    /// The place of the row that answered last.
    var source = 0
    private var supplies: [Kind: Supply] = [:]

    private struct Supply {
      var left: Range<Int64> = 0..<0
      var isTaking = false
      var waiting: [UnsafeContinuation<Turn, Never>] = []
    }

    /// Nil when the caller waits for what somebody else takes.
    mutating func turn(of kind: Kind, _ caller: UnsafeContinuation<Turn, Never>) -> Turn? {
      var supply = supplies.removeValue(forKey: kind) ?? Supply()
      defer { supplies[kind] = supply }
      if let number = supply.left.first {
        supply.left = (number + 1)..<supply.left.upperBound
        return .number(number)
      }
      guard supply.isTaking else {
        supply.isTaking = true
        return .take
      }
      guard supply.waiting.count < IdBlocks.waitingMax else { return .failed(.queueFull) }
      supply.waiting.append(caller)
      return nil
    }

    /// Those who have waited for it.
    mutating func end(_ kind: Kind, with block: Range<Int64>?) -> [UnsafeContinuation<Turn, Never>] {
      let waiting = supplies[kind]?.waiting ?? []
      supplies[kind] = Supply(left: block ?? 0..<0)
      return waiting
    }
  }
}

extension PostgresError {
  /// Whether another row may give what this one's server did not, or not in time.
  fileprivate var mayBeOfOneRow: Bool {
    switch self {
    case .timeout(let sent): sent
    case .server(let refusal): StoreFailure.isPassing(refusal)
    case .unavailable, .queueFull, .lost, .unexpectedReply, .textWithNUL, .misconfigured: false
    }
  }
}
