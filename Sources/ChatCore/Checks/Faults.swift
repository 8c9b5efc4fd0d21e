/// Gathers what is wrong with the members of a request, so that one answer names them all.
struct Faults {
  private var found: [Fault] = []

  /// Checks a text against its row; what is absent passes.
  mutating func check(_ text: String?, _ rule: TextRule) {
    if let text, let fault = rule.fault(in: text) { found.append(fault) }
  }

  /// Adds what a command found by itself.
  mutating func add(_ pointer: String, _ code: String, _ detail: String) {
    found.append(Fault(pointer: pointer, code: code, detail: detail))
  }

  /// Ends the checking.
  ///
  /// - Throws: `.invalid` when there was anything.
  func settle() throws(ChatError) {
    if !found.isEmpty { throw .invalid(found) }
  }
}

extension Limits {
  /// How many of a page, as asked or by default; more than ``pageMax`` is refused rather than cut, so that nobody
  /// takes a cut page for the last one.
  ///
  /// - Throws: `.invalid` at `/limit`, code `out_of_range`.
  public func page(_ asked: Int?) throws(ChatError) -> Int {
    let limit = asked ?? pageDefault
    guard (1...pageMax).contains(limit) else {
      throw .invalid([
        Fault(pointer: "/limit", code: "out_of_range", detail: "limit must be between 1 and \(pageMax).")
      ])
    }
    return limit
  }

  /// How many members a conversation of that kind may have.
  func membersMax(of kind: ConversationKind) -> Int { kind == .public ? publicMembersMax : groupMembersMax }
}
