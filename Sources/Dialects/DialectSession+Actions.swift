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
  /// The same with so many bytes in those that wait: 64 KiB, a frame's worth. Who has proven nothing may leave them
  /// waiting for ten seconds (``proofWithin``).
  static let actionBytesMost = 1 << 16
  /// Arguments of an event that are read: one, an object or a text of one.
  public static let argumentsMax = 1
  /// Bytes of an event's argument: 200 KiB, as ``Parameters`` say. Larger ones are refused
  /// unread, since their values may take forty times as much.
  static let eventBytesMax = Parameters.jsonBytesMax
  /// Bytes of what a client of Socket.IO brings when it comes in: 16 KiB, a token with each character escaped once.
  public static let authBytesMax = 2 * Credential.bytesMax
  /// How long the next action waits after one that was refused for its rate or its size, and the client is not read
  /// from: refusing costs as much as telling, and who repeats at once could have as many refusals as the node writes.
  static let restAfterHaste: Milliseconds = 20

  /// An action that came.
  struct Work: Sendable {
    let action: Action
    let said: Said
    let bytes: Int
    let ackID: Int64?
  }

  /// What came with it.
  enum Said: Sendable {
    /// The first argument of an event, a JSON text. Read in its turn: its values may take forty times as much.
    case text([UInt8])
    /// A frame's.
    case parameters(Parameters)

    func read() throws(Parameters.Malformed) -> Parameters {
      switch self {
      case .text(let text): try DialectSession.parameters(try? JSONValue(parsing: text))
      case .parameters(let parameters): parameters
      }
    }
  }

  /// An event came; arguments are JSON texts.
  public func received(event name: String, arguments: [[UInt8]], ackID: Int64?) {
    guard isIn, ![Action.connect, Action.disconnect].contains(name), let action = door.action(name) else { return }
    let said = arguments.first ?? []
    guard said.count <= DialectSession.eventBytesMax else {
      let tooLarge = Action.on(name, action.access, action.rate) { _ in
        throw Parameters.Malformed(status: 413, text: "\(name) has more than \(DialectSession.eventBytesMax) bytes")
      }
      return enqueue(tooLarge, .text([]), ackID)
    }
    enqueue(action, .text(said), bytes: said.count, ackID)
  }

  /// A text came on a plain WebSocket.
  public func received(text: [UInt8]) {
    heard()
    guard let object = (try? JSONValue(parsing: text, limits: .frame))?.object, let name = object["type"]?.string
    else { return answer(mount.dialect.refuse.malformed) }
    guard ![Action.connect, Action.disconnect].contains(name), let action = door.action(name) else {
      return answer(mount.dialect.refuse.unknown)
    }
    do throws(Parameters.Malformed) {
      enqueue(action, .parameters(try Parameters(object)), bytes: text.count)
    } catch {
      enqueue(.on("unknown", .open) { _ in throw error })
    }
  }

  /// Refuses in its turn: on a plain WebSocket only their order tells which answer belongs to which frame.
  private func answer(_ refusal: Refusal?) {
    guard let refusal else { return }
    enqueue(.on("unknown", .open) { _ in throw refusal })
  }

  /// The client lives.
  public func heard() { lastHeard = door.ports.now }

  /// Some old clients send the object as a text of JSON.
  private static func parameters(_ value: JSONValue?) throws(Parameters.Malformed) -> Parameters {
    if case .string(let text) = value, let object = (try? JSONValue(parsing: text))?.object {
      return try Parameters(object)
    }
    return try Parameters(value?.object ?? JSONObject())
  }

  func enqueue(_ action: Action, _ said: Said = .text([]), bytes: Int = 0, _ ackID: Int64? = nil) {
    if action.mayBeLost, actions.count >= DialectSession.actionsWaitingMax / 2 { return }
    guard actions.count < DialectSession.actionsWaitingMax else { return close() }
    actions.append(Work(action: action, said: said, bytes: bytes, ackID: ackID))
    if actions.count >= DialectSession.actionsReadMost || isFull { pauseReading() }
    guard !isWorking else { return }
    isWorking = true
    door.ports.spawn { [self] in
      while !actions.isEmpty {
        if await perform(actions.removeFirst()) { await rest() }
        if actions.count <= DialectSession.actionsReadAgain, !isFull { resumeReading() }
      }
      isWorking = false
    }
  }

  private var isFull: Bool { actions.reduce(0) { $0 + $1.bytes } >= DialectSession.actionBytesMost }

  /// After a refusal for its rate or its size.
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

  /// - Returns: whether it was refused for its rate, or for bringing too much to be looked at.
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
      // Before it is read, which costs the more the larger it is.
      if let after = await mount.gate.retryAfter(work.action.rate, caller, address: peer) {
        throw ChatError.rateLimited(retryAfter: after)
      }
      let parameters = try work.said.read()
      try await checkRepeated(parameters, name)
      let ask = Ask(
        mount, name, parameters, peer: peer, known: caller, session: self, in: scope)
      for words in try await work.action.act(ask) { say(words) }
    } catch {
      // Some actions have no rate, and a large object is refused as easily as it is sent.
      if case .rateLimited? = error as? ChatError { isHasty = true } else { isHasty = error is Parameters.Malformed }
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
  private func checkRepeated(_ parameters: Parameters, _ name: String) async throws {
    guard let caller,
      let brought = Credential.token(in: mount.dialect.credential.actions, headers: [:], parameters: parameters)
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
