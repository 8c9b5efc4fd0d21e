import CPostgres
import IORuntime

extension PostgresConnection {
  /// Flights that share one transaction at most: the first waits for the last, so some hundred microseconds; and more
  /// would leave other connections, and so other cores of the server, with nothing to do.
  static let sharedMax = 8

  /// Sends a flight behind those under way; its caller hears of it through the owner.
  ///
  /// What is brief leaves at the end of the tick, with all that has come by then: the server wakes up once, confirms
  /// once, and has its answers in few packets.
  func submit(_ flight: Flight) {
    let joins = flight.isBrief && !isCitus
    if !joins { seal() }
    // Sending what was gathered may have shown that the connection is lost.
    guard let handle, state != .closed else {
      guard let owner, !flight.isBound else {
        return flight.complete(with: .unavailable("the connection is closed"))
      }
      return owner.notCarriedOut(flight)
    }
    append(flight)
    scheduleSweep()
    switch flight.content {
    case .statements(let statements):
      // What was half sent cannot be taken back: the whole connection goes.
      guard send(statements, on: handle) else { return close(lostError()) }
      unsealed += 1
      guard joins, unsealed < Self.sharedMax else { return seal() }
      if unsealed == 1 { loop.atEndOfWork(self) }
    case .script(let text):
      guard send(script: text, on: handle) else { return close(lostError()) }
      flush()
    }
  }

  /// Ends the transaction of what was gathered, and sends it.
  private func seal() {
    guard unsealed > 0, let handle else { return }
    // A pipeline without a Sync after each transaction is one transaction, and deadlocks with others.
    guard PQpipelineSync(handle) == 1 else { return close(lostError()) }
    expected.append(.sync(unsealed))
    unsealed = 0
    flush()
  }

  private func send(_ statements: [(statement: Statement, parameters: [Parameter])], on handle: OpaquePointer) -> Bool {
    for (place, (statement, parameters)) in statements.enumerated() {
      if prepared.insert(statement.name).inserted {
        let types = parameters.map(\.type)
        guard PQsendPrepare(handle, statement.name, statement.sql, Int32(types.count), types) == 1 else { return false }
        expected.append(.preparing(statement))
      }
      let sent = arena.with(parameters) { count, values, lengths, formats in
        // Where it stands: passed as a string it is an array first.
        statement.name.withCString { PQsendQueryPrepared(handle, $0, count, values, lengths, formats, 1) }
      }
      guard sent == 1 else { return false }
      expected.append(.statement(statement, isLast: place == statements.count - 1))
    }
    return true
  }

  /// Only when nothing else is under way: the simple protocol knows no pipeline.
  private func send(script: String, on handle: OpaquePointer) -> Bool {
    guard flights.count == 1, PQexitPipelineMode(handle) == 1, PQsendQuery(handle, script) == 1 else { return false }
    expected.append(.script)
    return true
  }

  /// How often in a row a server may say something though it was asked nothing: a reload of its settings, a warning
  /// before it stops. libpq keeps what it does not throw away, some kilobytes each time, until something is asked.
  static let unaskedMax = 64

  /// The socket has something, or takes more.
  func transfer(_ events: PollEvents) {
    guard let handle else { return }
    if !events.isDisjoint(with: [.read, .readEnd, .hangUp, .error]) {
      let isUnasked = expected.isEmpty
      guard PQconsumeInput(handle) == 1 else {
        // libpq may have closed the socket, whose number another one may have before the answers' takers are done.
        stopWatching()
        // What the server said before it went is still to be read: a refusal is worth more than a lost connection.
        drain()
        return close(lostError())
      }
      unasked = isUnasked ? unasked + 1 : 0
      // Without an answer to wait for nobody would have libpq look at what came.
      if isUnasked {
        _ = PQisBusy(handle)
        // What it does not understand it gives up without a word, and closes the socket.
        guard PQstatus(handle) == CONNECTION_OK else { return close(lostError()) }
      }
      guard unasked <= Self.unaskedMax else { return close(.lost("the server speaks though it was asked nothing")) }
    }
    drain()
    if state != .closed { flush() }
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
    case .preparing: _ = expected.popFirst()
    case .statement(_, let isLast):
      _ = expected.popFirst()
      if isLast { answered += 1 }
    case .sync:
      // Never announced by libpq; taken, the loop above would not end.
      close(.lost("the server's answers are out of step"))
    case .script:
      _ = expected.popFirst()
      guard PQenterPipelineMode(handle) == 1 else { return close(lostError()) }
      complete(1)
    }
  }

  private func take(_ result: OpaquePointer, of answer: Expected) {
    switch PQresultStatus(result) {
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      if case .statement = answer { flights[answered]?.received(Rows(result)) } else { PQclear(result) }
    case PGRES_PIPELINE_SYNC:
      PQclear(result)
      guard case .sync(let count)? = expected.popFirst() else {
        return close(.lost("the server's answers are out of step"))
      }
      complete(count)
    case PGRES_PIPELINE_ABORTED:
      // An earlier statement of the same transaction failed; what was to be prepared is not.
      PQclear(result)
      forget(answer)
      flights[answered]?.spoiled()
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
    if refusal.endsSession { return close(.lost(refusal.reason)) }
    flights[answered]?.failed(.server(refusal.server))
  }

  /// The oldest flights, so many, have ended.
  private func complete(_ count: Int) {
    answered = 0
    let ended = (0..<count).compactMap { _ in popFlight() }
    var spoiling: String?
    for flight in ended {
      if case .server(let refusal)? = flight.failure, SQLState.spoiling.contains(refusal.sqlstate) {
        spoiling = refusal.description
      }
      if flight.isSpoiled { owner?.notCarriedOut(flight) } else { owner?.answered(flight, on: self) }
    }
    if let spoiling { close(.lost(spoiling)) }
  }

  /// Those that may be what the server is busy with: of the oldest transaction all that have not all their answers,
  /// since the server sends the answers of a shared one by the buffer.
  var suspects: [Flight] {
    var place = 0
    var shared = flights.count
    while let answer = expected[place] {
      if case .sync(let count) = answer {
        shared = count
        break
      }
      place += 1
    }
    return (min(answered, max(0, shared - 1))..<shared).compactMap { flights[$0] }
  }

  /// What a transaction block is in, as libpq has seen it.
  var isIdle: Bool {
    guard let handle, flights.isEmpty else { return false }
    return PQtransactionStatus(handle) == PQTRANS_IDLE
  }
}

extension PostgresConnection: EndOfTick {
  /// What has come in this tick shares one transaction.
  func endOfTick() { seal() }
}

/// An error result, read out.
private struct Refusal {
  let server: ServerRefusal
  let endsSession: Bool
  /// Why, for the log.
  let reason: String

  init(_ result: OpaquePointer, _ answer: PostgresConnection.Expected) {
    func field(_ code: UnicodeScalar) -> String? {
      PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) }
    }
    let name =
      switch answer {
      case .preparing(let statement), .statement(let statement, _): statement.name
      case .sync: "commit"
      case .script: "script"
      }
    let state = field("C") ?? "XX000"
    let quoted: Bool
    if case .script = answer { quoted = true } else { quoted = SQLState.classesToQuote.contains(state.prefix(2)) }
    server = ServerRefusal(
      sqlstate: state, statement: name, constraint: field("n"), message: quoted ? field("M") : nil)
    let severity = field("V") ?? field("S")
    // An error that libpq itself made up has no severity of the server: the connection is gone, and its words say how.
    endsSession = severity != "ERROR"
    let words = severity == nil ? PQresultErrorMessage(result).map { String(cString: $0) } : nil
    reason = words?.split(separator: "\n").first.map(String.init) ?? server.description
  }
}
