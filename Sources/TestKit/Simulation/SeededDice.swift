/// Random numbers that follow from a seed, so that a failure can be played again (SplitMix64).
public struct SeededDice: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// Begins the series of that seed.
  public init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x2545_f491_4f6c_dd1d }

  /// The next number.
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }

  /// True once in so many times.
  public mutating func once(in times: UInt64) -> Bool { next() % max(1, times) == 0 }

  /// A number of the range.
  public mutating func pick(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &self) }

  /// An element of what is not empty; nothing of what is.
  public mutating func pick<Element>(of elements: [Element]) -> Element? { elements.randomElement(using: &self) }
}
