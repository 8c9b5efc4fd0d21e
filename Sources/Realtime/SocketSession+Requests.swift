import ChatCore
import Delivery
import EntryText
import JSONText

/// Requests: each gets exactly one answer, in whatever order they are done.
extension SocketSession {
  // MARK: Requests

  func take(_ frame: ClientFrame) {
    if let problem = hindrance(frame.id) {
      return refuse(frame.id, door.operation(frame.operation)?.name ?? "unknown", problem)
    }
    guard let operation = frame.row ?? door.operation(frame.operation) else {
      return refuse(frame.id, "unknown", .unknownOperation(frame.operation))
    }
    do throws(ShapeErrors) {
      let asked = if let asked = frame.asked { asked } else { try operation.shape.read(frame.data) }
      begin(Request(id: frame.id, operation: operation, asked: asked))
    } catch {
      refuse(frame.id, operation.name, Problem(error))
    }
  }

  private func hindrance(_ id: String) -> Problem? {
    // First, since whatever else refuses a request also ends what is under way by its id.
    if inFlight.contains(id) { return .duplicateID }
    if let drainRetryAfter { return Problem(.unavailable(.node, retryAfter: drainRetryAfter)) }
    return inFlight.count >= door.limits.inFlightMax ? .tooManyRequests(door.limits.inFlightMax) : nil
  }

  func begin(_ request: Request) {
    switch request.operation.act {
    case .auth: auth(request)
    case .resume: perform(machine.resumeRequested(), request) { session, _ in session.resume(request) }
    case .watch: perform(machine.commandRequested(), request) { $0.watch(request, as: $1) }
    case .unwatch: perform(machine.commandRequested(), request) { session, _ in session.unwatch(request) }
    case .send(let command):
      perform(machine.commandRequested(), request) { $0.send(request, command, as: $1) }
    case .command(let handler):
      perform(machine.commandRequested(), request) { $0.run(request, handler, as: $1) }
    }
  }

  private func perform(
    _ action: SessionStateMachine.RequestAction, _ request: Request, _ run: (SocketSession, Caller) -> Void
  ) {
    switch action {
    case .run(let caller):
      admit(request)
      run(self, caller)
    case .hold:
      admit(request)
      held.append(request)
    case .refuseUnauthenticated: refuse(request.id, request.operation.name, .notAuthenticated)
    case .refuseRepeated: refuse(request.id, request.operation.name, .alreadyResumed)
    case .ignore: break
    }
  }

  func admit(_ request: Request) {
    inFlight.insert(request.id)
    if inFlight.count >= door.limits.inFlightMax { pause(for: .full) }
  }

  /// The request of that id is not under way any more.
  func leave(_ id: String) { inFlight.remove(id) }

  private func run(_ request: Request, _ handler: @escaping Operation.Handler, as caller: Caller) {
    attempt(request, as: caller) { [self] (chat: Chat) async throws(ChatError) in
      answer(request, try await handler(request.asked, chat, caller))
    }
  }

  /// Most of what a node is asked: without a task where nothing but its rate and the commit have to be waited for.
  private func send(_ request: Request, _ command: @escaping Operation.Sending, as caller: Caller) {
    let scope = door.tracer?.begin(trace)
    if scope == nil, isSentPromptly(request, command, as: caller) { return }
    attempt(request, as: caller, in: scope) { [self] (chat: Chat) async throws(ChatError) in
      try await send(request, try command(request.asked), in: chat, as: caller)
    }
  }

  private func isSentPromptly(_ request: Request, _ command: Operation.Sending, as caller: Caller) -> Bool {
    // What cannot be made is refused where everything else is.
    guard let command = try? command(request.asked), door.desk.takes(command) else { return false }
    return door.gate.ask(request.operation.rate, caller) { [self] wait in
      if let wait { return refuse(request, .rateLimited(retryAfter: wait)) }
      guard !begins(request, command, as: caller) else { return }
      // It took so long that it needs a task now; it has been counted.
      attempt(request, as: caller, rate: Operation.Rate.none, in: nil) { [self] (chat: Chat) async throws(ChatError) in
        try await send(request, command, in: chat, as: caller)
      }
    }
  }

  private func begins(_ request: Request, _ command: SendMessage, as caller: Caller) -> Bool {
    door.desk.begin(command, as: caller) { [self] in
      switch $0 {
      case .success(let appended): answer(request) { EntryText.write(appended.message, to: &$0) }
      case .failure(let error): refuse(request, error)
      }
    }
  }

  private func send(
    _ request: Request, _ command: SendMessage, in chat: Chat, as caller: Caller
  ) async throws(ChatError) {
    let message = try await door.desk.run(command, in: chat, as: caller).message
    answer(request) { EntryText.write(message, to: &$0) }
  }

  /// Runs what answers a request, once its rate allows it; refuses the request when that throws.
  func attempt(
    _ request: Request, as caller: Caller, _ body: @escaping @Sendable (Chat) async throws(ChatError) -> Void
  ) {
    attempt(request, as: caller, in: door.tracer?.begin(trace), body)
  }

  private func attempt(
    _ request: Request, as caller: Caller, rate: Operation.Rate? = nil, in scope: TraceScope?,
    _ body: @escaping @Sendable (Chat) async throws(ChatError) -> Void
  ) {
    let rate = rate ?? request.operation.rate
    door.ports.spawn { [self] in
      do throws(ChatError) {
        if rate != .none, let wait = await door.gate.retryAfter(rate, caller) {
          throw .rateLimited(retryAfter: wait)
        }
        try await body(door.chat.traced(in: scope))
        scope?.end(request.operation.name, [("martlet.outcome", .text("ok"))], hasFailed: false)
      } catch {
        let problem = Problem(error)
        if case .rateLimited = error { restFromHaste() }
        refuse(request.id, request.operation.name, problem, fault: error.fault, in: scope)
        let outcome: [(name: String, value: TraceSpan.Fact)] = [("martlet.outcome", .text(problem.code))]
        scope?.end(request.operation.name, outcome, hasFailed: problem.status >= 500)
      }
    }
  }

  // MARK: Pauses

  /// Whoever sends more than he may is read more slowly: refusing costs as much as telling, and who repeats at once
  /// could have as many refusals as the node can write.
  private func restFromHaste() {
    guard !pauses.contains(.tooFast) else { return }
    pause(for: .tooFast)
    door.ports.schedule(after: door.limits.restAfterHaste) { [weak self] in self?.resume(after: .tooFast) }
  }

  private func pause(for reason: Pauses) {
    if pauses.isEmpty { transport?.pauseReading() }
    pauses.insert(reason)
  }

  private func resume(after reason: Pauses) {
    guard pauses.remove(reason) != nil, pauses.isEmpty else { return }
    transport?.resumeReading()
  }

  // MARK: Answers

  func answer(_ request: Request, _ body: ServerFrame.Body) {
    record(request.operation.name, "ok")
    send(wire.reply(to: request.id, body))
    done(request.id)
  }

  private func refuse(_ request: Request, _ error: ChatError) {
    if case .rateLimited = error { restFromHaste() }
    refuse(request.id, request.operation.name, Problem(error), fault: error.fault)
  }

  func refuse(
    _ id: String, _ operation: String, _ problem: Problem, fault: String? = nil, in scope: TraceScope? = nil
  ) {
    record(operation, problem.code, fault: fault, in: scope)
    send(wire.refusal(of: id, problem))
    // A refused repetition of an id that is under way must not end the one that is.
    if problem != .duplicateID { done(id) }
  }

  private func done(_ id: String) {
    leave(id)
    if inFlight.count <= door.limits.inFlightMax / 2 { resume(after: .full) }
    if inFlight.isEmpty, let drainRetryAfter { close(.draining, retryAfter: drainRetryAfter) }
  }

  /// A client that asks and does not read the answers is a slow reader too.
  func send(_ frame: EncodedFrame?) {
    guard let frame else { return }
    let waiting = deliver(frame)
    guard waiting > door.hub.limits.sendQueueBytesMax else { return }
    if let seat { door.hub.queued(waiting, by: seat) } else { close(.slowReader) }
  }

  func record(_ operation: String, _ outcome: String, fault: String? = nil, in scope: TraceScope? = nil) {
    door.answered(
      OperationRecord(
        operation: operation, outcome: outcome, session: id, traceID: scope?.trace ?? trace?.trace,
        user: user?.rawValue, fault: fault))
  }
}
