import Glibc
import IORuntime
import Testing

@Suite("A blocking pool")
struct BlockingPoolTests {
  private struct Refused: Error {}

  @Test("the caller goes on on its loop with what the work returned or threw")
  func backOnLoop() async throws {
    let pool = try BlockingPool(name: "pool", threads: 2, queueMax: 4)
    defer { pool.shutdown() }
    try await withLoop { loop in
      let (onLoop, onPool, threw) = await withCheckedContinuation { continuation in
        loop.spawn {
          let onPool = try? await pool.run { !loop.inLoop }
          let onLoop = loop.inLoop
          var threw = false
          do { try await pool.run { throw Refused() } } catch { threw = error is Refused && loop.inLoop }
          continuation.resume(returning: (onLoop, onPool == true, threw))
        }
      }
      #expect(onLoop)
      #expect(onPool)
      #expect(threw)
    }
  }

  @Test("its queue takes its limit, and one more is refused")
  func limit() async throws {
    let pool = try BlockingPool(name: "pool", threads: 1, queueMax: 3)
    let gate = Box(false)
    let done = Box(0)
    let work: @Sendable () -> Void = {
      while !gate.value { usleep(500) }
      done.value += 1
    }
    #expect(pool.submit(work))
    #expect(try await eventually { pool.waiting == 0 })
    for _ in 0..<3 { #expect(pool.submit(work)) }
    #expect(!pool.submit(work))
    await #expect(throws: PoolFull()) { try await pool.run {} }
    gate.value = true
    #expect(try await eventually { done.value == 4 })
    #expect(try await pool.run { true })
    pool.shutdown()
    await #expect(throws: PoolFull()) { try await pool.run {} }
  }

  @Test("what waits is still run when the pool is shut down")
  func shutdownRunsWhatWaits() async throws {
    let pool = try BlockingPool(name: "pool", threads: 1, queueMax: 10)
    let done = Box(0)
    for _ in 0..<8 {
      #expect(
        pool.submit {
          usleep(1_000)
          done.value += 1
        })
    }
    pool.shutdown()
    #expect(try await eventually { done.value == 8 })
  }
}
