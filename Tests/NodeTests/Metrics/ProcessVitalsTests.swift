import Serving
import Testing

@testable import Node

@Suite("What the kernel says of the process")
struct ProcessVitalsTests {
  @Test("files, memory and time are those of this process")
  func own() {
    let vitals = ProcessVitals.now()
    #expect(vitals.openFiles >= 3 && vitals.openFiles <= vitals.filesMax)
    #expect(vitals.residentBytes > 1_000_000)
    #expect(vitals.processorTime > 0)
  }

  @Test("a node takes no more connections than it may open files, less those that are no client's")
  func fitting() {
    var configuration = Configuration()
    configuration.intake.connections = 18_000
    #expect(configuration.within(files: 20_000, loops: 2).intake.connections == 18_000)
    #expect(configuration.within(files: 1_024, loops: 2).intake.connections == 768)
    #expect(configuration.within(files: 100, loops: 1).intake.connections == 1)
    #expect(configuration.within(files: .max, loops: 256).intake.connections == 18_000)
    // Four, three and sixteen of each loop, and of each two to either replica.
    #expect(configuration.within(files: 18_000, loops: 64).intake.connections == 18_000 - 128 - 64 * 23)
    configuration.database.replicaURL = Secret("postgresql://a,b/chat")
    #expect(configuration.within(files: 18_000, loops: 64).intake.connections == 18_000 - 128 - 64 * 27)
  }

  /// Two loops once took 22,500 connections together where 20,000 files may be open.
  @Test("the loops, which take some more each since they are chosen by chance, have no more than the files together")
  func shares() {
    var configuration = Configuration()
    configuration.intake.connections = 18_000
    #expect(configuration.servingLimits(loops: 2).connectionsMax == 11_250)
    #expect(configuration.within(files: 100_000, loops: 2).servingLimits(loops: 2).connectionsMax == 11_250)
    #expect(configuration.within(files: 20_000, loops: 2).servingLimits(loops: 2).connectionsMax == 9_872)
    #expect(configuration.within(files: 100, loops: 4).servingLimits(loops: 4).connectionsMax == 1)
    for loops in [1, 2, 64, 256] {
      #expect(configuration.servingLimits(loops: loops).turnedAwayMax * loops <= max(128, loops))
    }
  }
}
