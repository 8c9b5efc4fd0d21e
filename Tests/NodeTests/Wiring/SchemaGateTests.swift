import Testing

@testable import Node

@Suite("What a node asks its database before it serves")
struct SchemaGateTests {
  @Test func `a clock more than five seconds before or behind the database's is told, and by how much`() {
    let written = WrittenLog()
    for lead: Int64 in [0, 5_000, -5_000, 5_001, -3_600_000, .min] { SchemaGate.tell(lead: lead, written.logger) }
    // Read up to here, however many there are.
    for _ in 0..<4 { written.logger.info("end") }
    let words = "warning the database's clock is another ahead_ms="
    #expect(
      written.lines(4).prefix(4).map { String($0.split(separator: " meaning=")[0]) } == [
        "\(words)5001", "\(words)-3600000", "\(words)\(Int64.min)", "info end",
      ])
  }
}
