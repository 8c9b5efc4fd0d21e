import Glibc

/// The one function that drawings need.
enum Logarithm {
  static func ten(_ value: Double) -> Double { log10(value) }
}
