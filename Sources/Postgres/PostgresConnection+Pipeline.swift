import CPostgres

extension PostgresConnection {
  /// Sends a flight behind those under way; its caller hears of it through the owner.
  func submit(_ flight: Flight) {
    guard let handle, state != .closed else {
      return flight.complete(with: .unavailable("the connection is closed"))
    }
    append(flight)
    let sent: Bool
    switch flight.content {
    case .statements(let statements): sent = send(statements, on: handle)
    case .script(let text): sent = send(script: text, on: handle)
    }
    // What was half sent cannot be taken back: the whole connection goes.
    guard sent else { return close(lostError()) }
    flush()
    scheduleSweep()
  }

  private func send(_ statements: [(statement: Statement, parameters: [Parameter])], on handle: OpaquePointer) -> Bool {
    for (statement, parameters) in statements {
      if prepared.insert(statement.name).inserted {
        let types = parameters.map(\.type)
        guard PQsendPrepare(handle, statement.name, statement.sql, Int32(types.count), types) == 1 else { return false }
        expected.append(.preparing(statement))
      }
      let sent = arena.with(parameters) { count, values, lengths, formats in
        PQsendQueryPrepared(handle, statement.name, count, values, lengths, formats, 1)
      }
      guard sent == 1 else { return false }
      expected.append(.statement(statement))
    }
    // A pipeline without a Sync after each transaction is one transaction, and deadlocks with others.
    guard PQpipelineSync(handle) == 1 else { return false }
    expected.append(.sync)
    return true
  }

  /// Only when nothing else is under way: the simple protocol knows no pipeline.
  private func send(script: String, on handle: OpaquePointer) -> Bool {
    guard flights.count == 1, PQexitPipelineMode(handle) == 1, PQsendQuery(handle, script) == 1 else { return false }
    expected.append(.script)
    return true
  }

  /// Takes the answers that have arrived.
  func drain() {
    while let handle, state != .closed, let next = expected.first, PQisBusy(handle) == 0 {
      guard let result = PQgetResult(handle) else {
        answerEnded(next, on: handle)
        continue
      }
      take(result, of: next)
    }
  }

  /// NULL from libpq: the current statement has no more results.
  private func answerEnded(_ answer: Expected, on handle: OpaquePointer) {
    switch answer {
    case .preparing, .statement: _ = expected.popFirst()
    case .sync:
      // Never announced by libpq; taken, the loop above would not end.
      close(.lost("the server's answers are out of step"))
    case .script:
      _ = expected.popFirst()
      guard PQenterPipelineMode(handle) == 1 else { return close(lostError()) }
      completeOldest()
    }
  }

  private func take(_ result: OpaquePointer, of answer: Expected) {
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      if case .statement = answer { flights.first?.received(Rows(result)) } else { PQclear(result) }
    case PGRES_PIPELINE_SYNC:
      PQclear(result)
      guard case .sync? = expected.popFirst() else { return close(.lost("the server's answers are out of step")) }
      completeOldest()
    case PGRES_PIPELINE_ABORTED:
      // An earlier statement of the same flight failed; what was to be prepared is not.
      PQclear(result)
      forget(answer)
    case PGRES_FATAL_ERROR, PGRES_NONFATAL_ERROR:
      refused(Refusal(result, answer), of: answer)
      PQclear(result)
    default:
      PQclear(result)
      close(.lost("an answer of unknown kind"))
    }
  }

  private func forget(_ answer: Expected) {
    if case .preparing(let statement) = answer { prepared.remove(statement.name) }
  }

  private func refused(_ refusal: Refusal, of answer: Expected) {
    forget(answer)
    // A session that the server ends may have committed before: the outcome is unknown.
    if refusal.endsSession { return close(.lost(refusal.server.description)) }
    flights.first?.failed(.server(refusal.server))
  }

  private func completeOldest() {
    guard let flight = popFlight() else { return }
    let spoiled: String?
    if case .server(let refusal)? = flight.failure, SQLState.spoiling.contains(refusal.sqlstate) {
      spoiled = refusal.description
    } else {
      spoiled = nil
    }
    owner?.answered(flight, on: self)
    if let spoiled { close(.lost(spoiled)) }
  }

  /// What a transaction block is in, as libpq has seen it.
  var isIdle: Bool {
    guard let handle, flights.isEmpty else { return false }
    return PQtransactionStatus(handle) == PQTRANS_IDLE
  }
}

/// An error result, read out.
private struct Refusal {
  let server: ServerRefusal
  let endsSession: Bool

  init(_ result: OpaquePointer, _ answer: PostgresConnection.Expected) {
    func field(_ code: UnicodeScalar) -> String? {
      PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }
    let name =
      switch answer {
      case .preparing(let statement), .statement(let statement): statement.name
      case .sync: "commit"
      case .script: "script"
      }
    let state = field("C") ?? "XX000"
    let quoted: Bool
    if case .script = answer { quoted = true } else { quoted = SQLState.classesToQuote.contains(state.prefix(2)) }
    server = ServerRefusal(
      sqlstate: state, statement: name, constraint: field("n"), message: quoted ? field("M") : nil)
    let severity = field("V") ?? field("S")
    // An error that libpq itself made up has no severity of the server: the connection is gone.
    endsSession = severity != "ERROR"
  }
}
