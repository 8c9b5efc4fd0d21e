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
    #expect(configuration.within(files: 20_000).intake.connections == 18_000)
    #expect(configuration.within(files: 1_024).intake.connections == 768)
    #expect(configuration.within(files: 100).intake.connections == 1)
    #expect(configuration.within(files: .max).intake.connections == 18_000)
  }
}
