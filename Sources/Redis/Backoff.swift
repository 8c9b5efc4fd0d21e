/// Pauses before trying again: a random part of a span that doubles, so that a crowd does not come back at once.
public struct Backoff: Sendable, Hashable {
  /// The span before the first attempt, in milliseconds.
  public var first: Int64 = 50
  /// The longest span: what a Redis that has come back waits for its nodes at most.
  public var most: Int64 = 2_000

  /// How long a connection that has answered was there at least for the pauses to begin anew: whoever kills connections
  /// twice a second has each come back at once, and a server that breaks off after each answer is connected to four
  /// times a second at most.
  public var served: Int64 = 250

  /// The defaults.
  public init() {}

  /// How many failures in a row there have been with the connection that has ended now.
  ///
  /// - Parameters:
  ///   - before: how many there were when it was made.
  ///   - lasted: for how many milliseconds it was ready; nil when it never was.
  ///   - hasAnswered: whether it has done something of what it was asked for, and was not left for a refusal.
  public func failures(after before: Int, lasted: Int64?, hasAnswered: Bool) -> Int {
    let hasServed = lasted.map { $0 >= most || hasAnswered && $0 >= served } ?? false
    return hasServed ? 1 : min(before, Int.max - 1) + 1
  }

  /// Milliseconds to wait after that many failures in a row (full jitter).
  public func delay(afterFailures failures: Int, using random: inout some RandomNumberGenerator) -> Int64 {
    let doublings = min(max(0, failures - 1), 16)
    let span = min(most, first &<< Int64(doublings))
    return Int64.random(in: 0...max(1, span), using: &random)
  }
}
