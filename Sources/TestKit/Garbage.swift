/// Bytes that no peer sends on purpose, made from bytes that one does: for readers that must answer or refuse them, and
/// never trap.
///
/// - Shape: each sample's beginnings; each of its numbers as another one, huge, negative or none; samples with bits
///   flipped, pieces cut out, doubled, put in from another sample; random texts of the marks that a reader cuts at.
/// - Limits: beginnings of the first ``beginningsMax`` bytes, the first ``numbersMax`` numbers of a sample.
/// - Source: a header `Cookie: =` that ended the process, which two readings of the code had passed over.
public struct Garbage {
  /// How long a sample's beginnings become.
  public static let beginningsMax = 1_024
  /// How many numbers of a sample are changed.
  public static let numbersMax = 64

  /// What stands where a number was: the edges of each integer, and what is none.
  private static let numbers = [
    "", "0", "-0", "-1", "+1", "007", "1.5", "1e999", "255", "256", "32768", "65536", "2147483648", "4294967296",
    "9007199254740991", "9007199254740992", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "18446744073709551616", "99999999999999999999", "0x10", "null", "\"7\"",
  ]

  private let samples: [[UInt8]]
  private let marks: [[UInt8]]
  private var dice: SeededDice

  /// All garbage that follows from these samples, these marks and that seed: `count` changed samples and as many random
  /// texts besides what does not depend on chance.
  public static func of(
    _ samples: [String], marks: [String], count: Int = 1_000, seed: UInt64 = 1
  ) -> [[UInt8]] {
    of(samples.map { Array($0.utf8) }, marks: marks, count: count, seed: seed)
  }

  /// The same for samples that are no text.
  public static func of(
    _ samples: [[UInt8]], marks: [String], count: Int = 1_000, seed: UInt64 = 1
  ) -> [[UInt8]] {
    var garbage = Garbage(samples: samples, marks: marks.map { Array($0.utf8) }, dice: SeededDice(seed: seed))
    var all = samples.flatMap { sample in (0...min(sample.count, beginningsMax)).map { Array(sample.prefix($0)) } }
    all += samples.flatMap(withOtherNumbers)
    for _ in 0..<count {
      all.append(garbage.changed())
      all.append(garbage.text())
    }
    return all
  }

  private static func withOtherNumbers(_ sample: [UInt8]) -> [[UInt8]] {
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let starts = sample.indices.filter { isDigit(sample[$0]) && ($0 == 0 || !isDigit(sample[$0 - 1])) }
    return starts.prefix(numbersMax).flatMap { start in
      let rest = sample[start...].drop(while: isDigit)
      return numbers.map { Array(sample[..<start]) + Array($0.utf8) + rest }
    }
  }

  private mutating func changed() -> [UInt8] {
    var bytes = dice.pick(of: samples) ?? []
    for _ in 0..<dice.pick(1...3) {
      let place = Int(dice.pick(0...Int64(bytes.count)))
      let end = min(bytes.count, place + Int(dice.pick(1...8)))
      switch dice.pick(0...5) {
      case 0: if place < end { bytes[place] ^= 1 << UInt8(dice.pick(0...7)) }
      case 1: bytes.removeSubrange(place..<end)
      case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 3: bytes.insert(contentsOf: dice.pick(of: marks) ?? [], at: place)
      case 4: bytes.replaceSubrange(place..<end, with: dice.pick(of: marks) ?? [])
      default:
        let other = dice.pick(of: samples) ?? []
        bytes.replaceSubrange(place..., with: other.dropFirst(Int(dice.pick(0...Int64(other.count)))))
      }
    }
    return bytes
  }

  private mutating func text() -> [UInt8] {
    (0..<dice.pick(0...8)).reduce(into: []) { text, _ in text += dice.pick(of: marks) ?? [] }
  }
}
