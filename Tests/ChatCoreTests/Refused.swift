import ChatCore
import Testing

/// Expects a refusal, and which.
func refused<Value>(
  _ wanted: ChatError, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws(ChatError) -> Value
) async {
  do {
    _ = try await body()
    Issue.record("done instead of refused with \(wanted)", sourceLocation: sourceLocation)
  } catch {
    #expect(error == wanted, sourceLocation: sourceLocation)
  }
}

/// Expects a refusal of the request's shape, and the pointers and codes of its faults.
func faulty<Value>(
  _ wanted: [String], sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () async throws(ChatError) -> Value
) async {
  do {
    _ = try await body()
    Issue.record("done instead of refused with \(wanted)", sourceLocation: sourceLocation)
  } catch .invalid(let faults) {
    #expect(faults.map { "\($0.pointer) \($0.code)" } == wanted, sourceLocation: sourceLocation)
    #expect(faults.allSatisfy { $0.detail.hasSuffix(".") }, sourceLocation: sourceLocation)
  } catch {
    Issue.record("\(error) instead of faults \(wanted)", sourceLocation: sourceLocation)
  }
}
