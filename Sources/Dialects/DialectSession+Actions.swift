import ChatCore
import Delivery
import HTTP1
import JSONText

/// What the client sends, and what a row makes of it.
extension DialectSession {
  /// Actions that may wait for the one that is done: twice what the chattiest old client sends at once.
  static let actionsWaitingMax = 64
  /// With so many waiting the client is not read from, until ``actionsReadAgain`` wait: whoever is answered more slowly
  /// than he speaks is slowed down before he is sent away.
  static let actionsReadMost = 48
  /// A few, so that the next are there when these are done.
  static let actionsReadAgain = 16
  /// How long the next action waits after one that was refused for its rate, and the client is not read from: refusing
  /// costs as much as telling, and who repeats at once could have as many refusals as the node can write.
  static let restAfterHaste: Milliseconds = 20

  /// An event came; arguments are JSON texts.
  public func received(event name: String, arguments: [[UInt8]], ackID: Int64?) {
    guard isIn, ![Action.connect, Action.disconnect].contains(name), let action = door.action(name) else { return }
    let values = arguments.map { (try? JSONValue(parsing: $0)) ?? .null }
    enqueue(action, DialectSession.parameters(values.first), values, ackID)
  }

  /// A text came on a plain WebSocket.
  public func received(text: [UInt8]) {
    heard()
    guard let object = (try? JSONValue(parsing: text, limits: .frame))?.object, let name = object["type"]?.string
    else { return answer(mount.dialect.refuse.malformed) }
    guard ![Action.connect, Action.disconnect].contains(name), let action = door.action(name) else {
      return answer(mount.dialect.refuse.unknown)
    }
    enqueue(action, Parameters(object), [.object(object)], nil)
  }

  /// Refuses in its turn: on a plain WebSocket only their order tells which answer belongs to which frame.
  private func answer(_ refusal: Refusal?) {
    guard let refusal else { return }
    enqueue(.on("unknown", .open) { _ in throw refusal }, Parameters(), [], nil)
  }

  /// The client lives.
  public func heard() { lastHeard = door.ports.now }

  /// Some old clients send the object as a text of JSON.
  private static func parameters(_ value: JSONValue?) -> Parameters {
    if case .string(let text) = value, let object = (try? JSONValue(parsing: text))?.object {
      return Parameters(object)
    }
    return Parameters(value?.object ?? JSONObject())
  }

  func enqueue(_ action: Action, _ parameters: Parameters, _ arguments: [JSONValue], _ ackID: Int64?) {
    if action.mayBeLost, actions.count >= DialectSession.actionsWaitingMax / 2 { return }
    guard actions.count < DialectSession.actionsWaitingMax else { return close() }
    actions.append(Work(action: action, parameters: parameters, arguments: arguments, ackID: ackID))
    if actions.count >= DialectSession.actionsReadMost { pauseReading() }
    guard !isWorking else { return }
    isWorking = true
    door.ports.spawn { [self] in
      while !actions.isEmpty {
        if await perform(actions.removeFirst()) { await rest() }
        if actions.count <= DialectSession.actionsReadAgain { resumeReading() }
      }
      isWorking = false
    }
  }

  /// After a refusal for its rate.
  private func rest() async {
    pauseReading()
    if !isOver { await pause(DialectSession.restAfterHaste) }
  }

  private func pauseReading() {
    guard !isPaused, let transport else { return }
    isPaused = true
    transport.pauseReading()
  }

  private func resumeReading() {
    guard isPaused else { return }
    isPaused = false
    // Its pongs have waited too.
    heard()
    transport?.resumeReading()
  }

  /// - Returns: whether it was refused for its rate.
  private func perform(_ work: Work) async -> Bool {
    let name = work.action.name
    let begun = mount.now()
    let scope = mount.tracer?.begin(trace)
    var refusal: Refusal?
    var isHasty = false
    do {
      if work.action.access == .signedIn, caller == nil {
        let waits = mount.dialect.credential.isProvenLater && !mount.dialect.credential.sockets.isEmpty
        guard waits, await proof() != nil else { throw mount.credential(.missing, name) }
      }
      try await checkRepeated(work)
      if let after = await mount.gate.retryAfter(work.action.rate, caller, address: peer) {
        throw ChatError.rateLimited(retryAfter: after)
      }
      let ask = Ask(
        mount, name, work.parameters, arguments: work.arguments, peer: peer, known: caller, session: self,
        in: scope)
      for words in try await work.action.act(ask) { say(words) }
    } catch {
      if case .rateLimited? = error as? ChatError { isHasty = true }
      refusal = mount.worded(error, name)
      refuse(refusal)
    }
    if let ackID = work.ackID { transport?.acknowledge(ackID) }
    release()
    let (route, status) = ("\(mount.dialect.name) \(name)", refusal?.status ?? 200)
    scope?.end(route, [("martlet.status", .number(Int64(status)))], hasFailed: status >= 500)
    mount.record(
      DialectRecord(
        route: route, method: DialectRecord.event, traceID: scope?.trace ?? trace?.trace, status: status,
        user: caller?.user.rawValue, milliseconds: mount.now() - begun, fault: refusal?.fault))
    return isHasty
  }

  /// A credential that an action repeats must be of the user who speaks here: nobody acts for another by its means.
  private func checkRepeated(_ work: Work) async throws {
    let (credential, name) = (mount.dialect.credential, work.action.name)
    guard let caller,
      let brought = Credential.token(in: credential.actions, headers: [:], parameters: work.parameters)
    else { return }
    guard try await mount.caller(brought, name).user == caller.user else { throw mount.credential(.invalid, name) }
  }

  private func refuse(_ refusal: Refusal?) {
    guard let refusal else { return }
    for words in mount.dialect.refuse.event(refusal) { say(words) }
  }

  func say(_ words: Words) {
    guard let transport else { return }
    transport.send(words.text(in: mount.dialect.carrier))
    let waiting = transport.queuedBytes
    guard waiting > door.hub.limits.sendQueueBytesMax else { return }
    if let seat { door.hub.queued(waiting, by: seat) } else { close() }
  }
}

extension Action {
  /// The row that is run when a client is in; nobody can send it.
  public static let connect = "connect"
  /// The row that is run when a client that had been bound is gone; what it gives reaches nobody, what it tells does.
  public static let disconnect = "disconnect"
}
