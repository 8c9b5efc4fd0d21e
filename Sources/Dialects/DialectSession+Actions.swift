import ChatCore
import Delivery
import HTTP1
import JSONText

/// What the client sends, and what a row makes of it.
extension DialectSession {
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
    guard !isWorking else { return }
    isWorking = true
    door.ports.spawn { [self] in
      while !actions.isEmpty { await perform(actions.removeFirst()) }
      isWorking = false
    }
  }

  private func perform(_ work: Work) async {
    let name = work.action.name
    let begun = mount.now()
    let scope = mount.tracer?.begin(trace)
    var refusal: Refusal?
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
