/// A few measurements of one thing, and how far they can be trusted.
struct Sample: Sendable, Equatable {
  /// Ascending.
  let values: [Double]

  /// Takes them in any order; what is no number is left out.
  init(_ values: [Double]) { self.values = values.filter(\.isFinite).sorted() }

  /// The middle one, or the mean of the two in the middle; 0 without values.
  var median: Double {
    guard let last = values.indices.last else { return 0 }
    return values.count % 2 == 1 ? values[last / 2] : (values[last / 2] + values[last / 2 + 1]) / 2
  }

  /// The median distance from the median, as a share of it: 0.05 is five percent of noise.
  var noise: Double {
    let middle = median
    guard middle != 0 else { return 0 }
    return Sample(values.map { abs($0 - middle) }).median / abs(middle)
  }
}
