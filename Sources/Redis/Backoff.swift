/// Pauses before trying again: a random part of a span that doubles, so that a crowd does not come back at once.
public struct Backoff: Sendable, Hashable {
  /// The span before the first attempt, in milliseconds.
  public var first: Int64 = 50
  /// The longest span: what a Redis that has come back waits for its nodes at most.
  public var most: Int64 = 2_000

  /// The defaults.
  public init() {}

  /// Milliseconds to wait after that many failures in a row (full jitter).
  public func delay(afterFailures failures: Int, using random: inout some RandomNumberGenerator) -> Int64 {
    let doublings = min(max(0, failures - 1), 16)
    let span = min(most, first &<< Int64(doublings))
    return Int64.random(in: 0...max(1, span), using: &random)
  }
}
