import JSONText
import Testing

@testable import Bench

@Suite struct HistogramTests {
  @Test("a value is kept to a thousandth, whatever its size")
  func precision() {
    for value in stride(from: Int64(1), to: Histogram.valueMax, by: 7_654_321) {
      let top = Histogram.top(of: Histogram.bucket(of: value))
      #expect(top >= value && Double(top - value) <= Double(value) / 1_000)
    }
  }

  @Test("buckets follow each other without a gap, and the last takes whatever is larger")
  func buckets() {
    for bucket in 1..<Histogram.bucketsMax {
      #expect(Histogram.bucket(of: Histogram.top(of: bucket)) == bucket)
      #expect(Histogram.bucket(of: Histogram.top(of: bucket - 1) + 1) == bucket)
    }
    #expect(Histogram.bucket(of: .max) == Histogram.bucketsMax - 1)
    #expect(Histogram.bucket(of: -5) == 0)
  }

  @Test("percentiles are those of the sorted values")
  func percentiles() {
    var histogram = Histogram()
    for value in (1...1_000).shuffled() { histogram.record(Int64(value)) }
    #expect(histogram.value(at: 0.5) == 500 && histogram.value(at: 0.99) == 990 && histogram.largest == 1_000)
    #expect(histogram.value(at: 0) == 1 && histogram.mean == 500.5 && histogram.count == 1_000)
    #expect(Histogram().value(at: 0.5) == 0)
    #expect(histogram.curve.last?.share == 1 && histogram.curve.count == 1_000)
  }

  @Test("merged halves are the whole")
  func merging() {
    var (whole, left, right) = (Histogram(), Histogram(), Histogram())
    for value in stride(from: Int64(3), to: 900_000, by: 811) {
      whole.record(value)
      if value % 2 == 0 { left.record(value) } else { right.record(value) }
    }
    left.merge(right)
    #expect(left == whole)
    left.removeAll()
    #expect(left == Histogram())
  }

  @Test("JSON brings back the same counts")
  func json() throws {
    var histogram = Histogram()
    for value: Int64 in [0, 1, 1, 2_047, 2_048, 70_000, .max] { histogram.record(value) }
    let read = try #require(Histogram(histogram.json))
    #expect(read.json == histogram.json && read.count == 7 && read.largest == histogram.largest)
    #expect(try #require(Histogram([])).count == 0)
  }

  @Test(
    "what is no histogram is refused",
    arguments: [nil, "x", [1], [-1, 1], [1, -1], [99_999, 1], ["a", 1], [23_551, 1, 1, 1]] as [JSONValue?])
  func refused(json: JSONValue?) {
    #expect(Histogram(json) == nil)
  }
}
