import JSONText
import Synchronization
import Testing

@testable import Bench

@Suite struct ProgressTests {
  @Test("a second is told once all workers have told theirs, and is their sum")
  func seconds() {
    let lines = Mutex<[String]>([])
    let progress = Progress(workers: 2) { line in lines.withLock { $0.append(line) } }
    progress.phase = "measure"
    func second(_ connected: Int64, _ delay: Int64, errors: Int64) -> JSONValue {
      var histogram = Histogram()
      histogram.record(delay)
      return [
        "tick": 1, "connected": .integer(connected), "sent": 3, "delivered": 40, "errors": .integer(errors),
        "delivery": histogram.json,
      ]
    }
    progress.take(second(10, 1_000, errors: 0), from: 0)
    #expect(lines.withLock { $0.isEmpty } && progress.series.isEmpty)
    progress.take(second(5, 2_000, errors: 2), from: 1)
    let line = lines.withLock { $0.first } ?? ""
    #expect(
      line.hasSuffix("  measure  15 connected  6 sent/s  80 delivered/s  p50 1.00 ms  p99 2.00 ms  2 errors"), "\(line)"
    )
    #expect(progress.series.map(\.delivered) == [80] && progress.series.map(\.p99) == [2_000])
    for worker in 0..<2 { progress.take(["connected": 7], from: worker) }
    #expect(lines.withLock { $0.last }?.hasSuffix("  measure  14 connected") == true, "the next begins from nothing")
  }
}
