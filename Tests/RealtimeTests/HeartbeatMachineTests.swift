import Testing

@testable import Realtime

@Suite struct HeartbeatMachineTests {
  private func machine() -> HeartbeatMachine { HeartbeatMachine(at: 0, every: 25_000, grace: 20_000) }

  @Test func `a ping is due after the period`() {
    var machine = machine()
    #expect(machine.timePassed(at: 24_999) == .nothing)
    #expect(machine.timePassed(at: 25_000) == .ping)
    #expect(machine.timePassed(at: 25_001) == .nothing)
  }

  @Test func `silence after a ping is an end`() {
    var machine = machine()
    _ = machine.timePassed(at: 25_000)
    #expect(machine.deadline == 45_000)
    #expect(machine.timePassed(at: 44_999) == .nothing)
    #expect(machine.timePassed(at: 45_000) == .missed)
    #expect(machine.timePassed(at: 99_000) == .nothing)
  }

  @Test func `a pong or any frame schedules the next ping from the last`() {
    var machine = machine()
    _ = machine.timePassed(at: 25_000)
    machine.heard()
    #expect(machine.deadline == 50_000)
    #expect(machine.timePassed(at: 50_000) == .ping)
  }

  @Test func `frames between pings do not put the ping off`() {
    var machine = machine()
    machine.heard()
    #expect(machine.deadline == 25_000)
  }
}
