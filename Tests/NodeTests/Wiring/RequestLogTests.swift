import Testing

@testable import Dialects
@testable import Node
@testable import Realtime

@Suite("The log of requests")
struct RequestLogTests {
  private let session = SessionName { 0x5f0c_0000 }

  private func operation(_ fault: String? = nil) -> OperationRecord {
    OperationRecord(
      operation: "message.send", outcome: fault == nil ? "ok" : "internal", session: session, traceID: nil, user: 17,
      fault: fault)
  }

  private func event(_ fault: String? = nil) -> DialectRecord {
    DialectRecord(
      route: "umoc/send", method: DialectRecord.event, traceID: nil, status: fault == nil ? 200 : 500, user: nil,
      milliseconds: 3, fault: fault)
  }

  private func tell(_ log: RequestLog) {
    log.record(operation())
    log.record(event())
    log.record(SessionEnd(session: session, user: 17, code: .slowReader))
    log.record(SessionEnd(session: session, user: nil, code: nil))
    log.record(operation("broken"))
    log.record(event("broken"))
  }

  @Test("at debug each operation, each event and each session's end has a line")
  func debug() {
    let written = WrittenLog(level: .debug)
    tell(RequestLog(logger: written.logger))
    let name = "session=\(session)"
    #expect(
      written.all() == [
        "debug operation operation=message.send outcome=ok \(name) user=17",
        "debug event route=umoc/send method=EVENT status=200 ms=3",
        "debug session ended \(name) reason=slow_reader user=17", "debug session ended \(name) reason=client_gone",
        "error operation operation=message.send outcome=internal \(name) fault=broken user=17",
        "error event route=umoc/send method=EVENT status=500 ms=3 fault=broken",
      ])
  }

  @Test("at info only what went wrong by our own mistake has one")
  func info() {
    let written = WrittenLog(level: .info)
    tell(RequestLog(logger: written.logger))
    #expect(written.all().map { $0.split(separator: " ").prefix(2) } == [["error", "operation"], ["error", "event"]])
  }
}
