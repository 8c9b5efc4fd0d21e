import ChatCore

/// What came of asking the store, after all patience.
enum Attempt<Value: Sendable>: Sendable {
  case done(Value)
  /// It does not go in.
  case refused(ChatError)
  /// Nothing goes in any more.
  case stopped(ImportStopped)
}

/// Asks, and again while the database is away.
func patiently<Value: Sendable>(_ body: () async throws(ChatError) -> Value) async -> Attempt<Value> {
  var waited: Milliseconds = 0
  while true {
    do throws(ChatError) {
      return .done(try await body())
    } catch .unavailable(_, let retryAfter) {
      let pause = min(max(retryAfter, 100), 1_000)
      guard waited < ImportRun.patienceMax, (try? await Task.sleep(nanoseconds: UInt64(pause) * 1_000_000)) != nil
      else {
        return .stopped(ImportStopped("The database is away. Run the same again: it goes on, and doubles nothing."))
      }
      waited += pause
    } catch .internalError(let what) {
      return .stopped(ImportStopped(what))
    } catch {
      return .refused(error)
    }
  }
}

/// Does it for all, some at once; the results in the order of the items.
func atOnce<Item: Sendable, Value: Sendable>(
  _ items: [Item], _ body: @escaping @Sendable (Item) async -> Value
) async -> [Value] {
  await withTaskGroup(of: (Int, Value).self) { group in
    var results: [Int: Value] = [:]
    for (place, item) in items.enumerated() {
      if place >= ImportRun.atOnceMax, let (done, value) = await group.next() { results[done] = value }
      group.addTask { (place, await body(item)) }
    }
    for await (done, value) in group { results[done] = value }
    return items.indices.compactMap { results[$0] }
  }
}

extension ImportRun {
  /// The value, or nothing after refusing the line; what concerns no single line ends everything.
  mutating func accept<Value>(_ attempt: Attempt<Value>, of line: Int?) throws(ImportStopped) -> Value? {
    switch attempt {
    case .done(let value): return value
    case .stopped(let stop): throw stop
    case .refused(let error):
      guard let line else { throw ImportStopped(Refusal(error).sentence) }
      refuse(line, Refusal(error))
      return nil
    }
  }
}

extension Refusal {
  /// What the domain has refused.
  init(_ error: ChatError) {
    switch error {
    case .invalid(let faults): self.init(faults.map { ($0.pointer, $0.detail) })
    case .conflict(.usernameTaken): self.init("/username", "Another account has or had the name; see --existing.")
    case .conflict(.contactsFull): self.init("/to", "One of the two has as many contacts as one may have.")
    case .conflict(.idempotency):
      self.init("/key", "A group with this key is there that has another owner or time; is --source right?")
    case .conflict(.conversationsFull): self.init("One of them has as many conversations as one may have.")
    case .notFound(.user): self.init("One of them has ended the account; nothing is added to it any more.")
    default: self.init("\(error)")
    }
  }
}
