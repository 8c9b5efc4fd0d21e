/// Looks for the highest rate at which a bound holds: doubles until it breaks, then halves the interval.
///
/// On a noisy machine one probe proves little: a rate holds, or breaks, when two of at most three probes say so.
///
/// - Shape: `next` is the rate to probe, until it is nil; tell each outcome to ``probed(held:)``.
/// - Limits: ends when the interval is a ``precision`` wide, or after ``probesMax`` probes.
struct RateSearch: Sendable {
  /// The interval's width, as a share of its lower end, at which the search ends: below it noise decides.
  static let precision = 0.08
  /// A search of ten seconds a probe is over in eight minutes.
  static let probesMax = 48
  /// No probe is faster, so that doubling ends: far beyond what one machine sends.
  static let rateMax = 10_000_000.0

  /// One probe.
  struct Probe: Sendable, Equatable {
    /// Sends a second.
    let rate: Double
    /// Whether the bound held.
    let held: Bool
  }

  /// The rate to probe next; nothing when the search is over.
  private(set) var next: Double?
  /// All probes in their order.
  private(set) var probes: [Probe] = []
  /// The highest rate that held.
  private(set) var highestHeld: Double?
  /// The lowest rate that broke.
  private(set) var lowestBroken: Double?
  private var votes = (held: 0, broken: 0)

  /// Begins at that rate.
  init(from rate: Double) { next = min(max(rate, 1), Self.rateMax) }

  /// Takes the outcome of the probe that ``next`` asked for.
  mutating func probed(held: Bool) {
    guard let rate = next else { return }
    probes.append(Probe(rate: rate, held: held))
    if held { votes.held += 1 } else { votes.broken += 1 }
    guard votes.held >= 2 || votes.broken >= 2 || probes.count >= Self.probesMax else { return }
    if votes.held > votes.broken { highestHeld = max(rate, highestHeld ?? 0) } else { lowestBroken = rate }
    votes = (0, 0)
    next = probes.count < Self.probesMax ? following() : nil
  }

  private func following() -> Double? {
    switch (highestHeld, lowestBroken) {
    case (let held?, nil): held >= Self.rateMax ? nil : min(held * 2, Self.rateMax)
    case (nil, let broken?): broken <= 1 ? nil : max(1, broken / 2)
    case (let held?, let broken?): broken <= held * (1 + Self.precision) ? nil : (held + broken) / 2
    case (nil, nil): nil
    }
  }
}
