import Testing

@testable import PostgresStore

@Suite("A replica's circuit")
final class ReplicaCircuitTests {
  private var circuit = ReplicaCircuit()

  private func asks(at now: Int64) -> Bool { circuit.mayAsk(at: now) }

  private func broken(_ count: Int, behind: Bool = false, at now: Int64 = 0) -> ReplicaCircuit {
    var circuit = ReplicaCircuit()
    for _ in 0..<count { circuit.failed(behind: behind, at: now, chance: 1) }
    return circuit
  }

  @Test("failures below the limit are taken for chance, and a page forgets them")
  func closed() {
    circuit = broken(ReplicaCircuit.failuresMax - 1)
    #expect(asks(at: 0) == true)
    circuit.served()
    #expect(circuit == ReplicaCircuit())
  }

  @Test("at the limit it rests, then lets one page through as a trial, and all when that came")
  func rests() {
    circuit = broken(ReplicaCircuit.failuresMax)
    #expect(asks(at: ReplicaCircuit.restFirst - 1) == false)
    #expect(asks(at: ReplicaCircuit.restFirst) == true)
    #expect(asks(at: ReplicaCircuit.restFirst + 9_999) == false, "one trial at a time")
    circuit.served()
    #expect(asks(at: ReplicaCircuit.restFirst) == true)
  }

  @Test("a trial that fails doubles the rest, up to the longest")
  func doubles() {
    circuit = broken(ReplicaCircuit.failuresMax + 1)
    #expect(asks(at: 2 * ReplicaCircuit.restFirst - 1) == false)
    #expect(asks(at: 2 * ReplicaCircuit.restFirst) == true)
    circuit = broken(1_000)
    #expect(asks(at: ReplicaCircuit.restMost - 1) == false)
    #expect(asks(at: ReplicaCircuit.restMost) == true)
  }

  @Test("one that is behind rests for a short while, however often it was")
  func behind() {
    circuit = broken(1_000, behind: true)
    #expect(asks(at: ReplicaCircuit.restBehind - 1) == false)
    #expect(asks(at: ReplicaCircuit.restBehind) == true)
  }
}
