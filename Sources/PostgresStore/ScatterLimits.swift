/// How much one statement over several shards may ask.
enum ScatterLimits {
  /// Ids of one statement: what every shard answers within milliseconds.
  static let idsMax = 1_000
}

extension Array {
  /// The elements in order, in parts of at most that many.
  func parts(of most: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: most).map { self[$0..<Swift.min($0 + most, count)] }
  }
}
