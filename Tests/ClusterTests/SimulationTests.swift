import Delivery
import TestKit
import Testing

/// Seeded clusters in virtual time. A failure names its seed; `SimulatedCluster(seed:)` plays it again.
@Suite struct SimulationTests {
  @Test(arguments: 0..<20)
  func `whatever befalls a cluster, nothing acknowledged is lost and all hear the same in order`(tens: Int) {
    for seed in UInt64(tens * 10)..<UInt64(tens * 10 + 10) {
      let cluster = SimulatedCluster(seed: seed)
      let failures = cluster.run()
      #expect(failures.isEmpty, "seed \(seed): \(failures.prefix(5).joined(separator: "; "))")
    }
  }

  @Test(arguments: UInt64(2_000)..<2_020)
  func `while the database answers, a live session has everything within two seconds, whatever the broker loses`(
    seed: UInt64
  ) {
    var settings = SimulationSettings()
    settings.lost = 30
    settings.outageEvery = nil
    settings.stallEvery = nil
    settings.killEvery = nil
    (settings.failing, settings.inDoubt) = (0, 0)
    let cluster = SimulatedCluster(seed: seed, settings: settings)
    let failures = cluster.run()
    #expect(failures.isEmpty, "seed \(seed): \(failures.prefix(5).joined(separator: "; "))")
    #expect(cluster.worstDelay <= 2_000, "seed \(seed)")
  }

  @Test func `a machine of the database that comes and goes keeps nothing from those who come back meanwhile`() {
    var wentOn = 0
    for seed in UInt64(3_000)..<3_040 {
      var settings = SimulationSettings()
      settings.absenceEvery = 300...2_000
      settings.outageEvery = nil
      // A signal of where a conversation begins may be lost with the broker.
      settings.interruptEvery = nil
      settings.cutEvery = 500...2_000
      settings.limits.lateAtOnceMax = 2
      let cluster = SimulatedCluster(seed: seed, settings: settings)
      let failures = cluster.run()
      #expect(failures.isEmpty, "seed \(seed): \(failures.prefix(5).joined(separator: "; "))")
      wentOn += cluster.wentOnLater
    }
    #expect(wentOn > 100)
  }

  @Test func `a run follows from its seed alone`() {
    let (one, two) = (SimulatedCluster(seed: 8), SimulatedCluster(seed: 8))
    #expect(one.run() == two.run())
    #expect(one.heard > 0)
    #expect(one.fingerprint == two.fingerprint)
  }

  @Test func `all troubles do happen`() {
    var counts = DeliveryCounts()
    for seed in UInt64(1_000)..<1_020 {
      let cluster = SimulatedCluster(seed: seed)
      _ = cluster.run()
      let more = cluster.counts
      counts.repaired += more.repaired
      counts.held += more.held
      counts.duplicates += more.duplicates
      counts.lostFound += more.lostFound
      counts.failedReads += more.failedReads
      counts.slowReaders += more.slowReaders
      counts.interruptions += more.interruptions
    }
    for (name, count) in [
      ("repaired", counts.repaired), ("held", counts.held), ("duplicates", counts.duplicates),
      ("lost last messages", counts.lostFound), ("failed reads", counts.failedReads),
      ("slow readers", counts.slowReaders), ("interruptions", counts.interruptions),
    ] {
      #expect(count > 0, "no \(name) in twenty runs")
    }
  }

  /// A checker that never fails checks nothing.
  @Test func `without the repair of holes and the comparison of heads the checkers complain`() {
    var caught = 0
    for seed in UInt64(0)..<4 {
      var settings = SimulationSettings()
      settings.lost = 20
      settings.cutEvery = nil
      settings.killEvery = nil
      settings.limits.holdFor = 1_000_000
      settings.limits.headCheckEvery = 1_000_000
      settings.limits.headCheckInterruptedEvery = 1_000_000
      if !SimulatedCluster(seed: seed, settings: settings).run().isEmpty { caught += 1 }
    }
    #expect(caught == 4)
  }
}
