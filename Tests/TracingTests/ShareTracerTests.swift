import ChatCore
import Synchronization
import Testing

@testable import Tracing

@Suite("Which requests are traced") struct ShareTracerTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

  private static func tracer(_ share: Int, _ queue: SpanQueue = SpanQueue()) -> ShareTracer {
    let drawn = Mutex(UInt64(0))
    return ShareTracer(
      queue: queue, perTenThousand: share, clock: { 1_000 },
      random: {
        drawn.withLock { number in
          number += 1
          return number
        }
      })
  }

  @Test func `the sender decides about his own, whatever the share is`() {
    let (yes, no) = ("00-\(Self.trace)-00f067aa0ba902b7-01", "00-\(Self.trace)-00f067aa0ba902b7-00")
    #expect(Self.tracer(0).begin(TraceParent(yes))?.trace == Self.trace)
    #expect(Self.tracer(10_000).begin(TraceParent(no)) == nil)
  }

  @Test(arguments: [(0, 0), (1, 1), (2_500, 2_500), (10_000, 10_000)])
  func `of the others a share is traced`(share: Int, expected: Int) {
    let draw = Mutex(UInt64(0))
    let tracer = ShareTracer(
      queue: SpanQueue(), perTenThousand: share, clock: { 0 }, random: { draw.withLock { $0 } })
    let traced = (0..<10_000).count { number in
      draw.withLock { $0 = UInt64(number) }
      return tracer.begin(nil) != nil
    }
    #expect(traced == expected)
  }

  @Test func `a trace that begins here has ids of the right length, none of them zero`() throws {
    let queue = SpanQueue()
    let scope = try #require(Self.tracer(10_000, queue).begin(nil))
    scope.end("showMe", [], hasFailed: false)
    let span = try #require(queue.take(1).first)
    #expect(span.trace.count == 32 && span.trace == scope.trace && span.id.count == 16 && span.parent == nil)
    let zero = ShareTracer(queue: queue, perTenThousand: 1, clock: { 0 }, random: { 0 })
    #expect(zero.newSpan() == "0000000000000001")
  }
}
