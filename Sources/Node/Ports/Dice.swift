import Glibc

/// Random numbers of the system's, fetched by the handful: a call for each costs more than what it is for.
///
/// - Isolation: belongs to its loop.
final class Dice: @unchecked Sendable {
  private var numbers = Numbers()

  /// Any number.
  func next() -> UInt64 { numbers.next() }

  /// A number below that, none likelier than another; 0 below 0.
  func next(below bound: UInt64) -> UInt64 { bound == 0 ? 0 : numbers.next(upperBound: bound) }

  private struct Numbers: RandomNumberGenerator {
    /// What one call gives at most: 256 bytes.
    static let atOnce = 32

    var left: [UInt64] = []

    mutating func next() -> UInt64 {
      if let number = left.popLast() { return number }
      var fresh = [UInt64](repeating: 0, count: Numbers.atOnce)
      let isGiven = fresh.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) == 0 }
      left = isGiven ? fresh : []
      if let number = left.popLast() { return number }
      var system = SystemRandomNumberGenerator()
      return system.next()
    }
  }
}
