import ChatCore
import Delivery

/// One user's client: connects to any living node, resumes, sends until answered, and comes back when it is cut off.
final class SimulatedClient: @unchecked Sendable {
  /// A message that it wants to send; repeated with the same id until it is answered.
  struct Outgoing: Sendable {
    let conversation: ConversationID
    let clientMessageID: String
  }

  /// What it was told of somebody's presence.
  struct Sight {
    let isOnline: Bool
    let at: Milliseconds
  }

  let user: User
  let caller: Caller
  /// The last `seq` that it has seen of each conversation, in order and without holes.
  private(set) var have: [ConversationID: Int64] = [:]
  /// Every session it has had.
  private(set) var lines: [SimulatedLine] = []
  /// What was acknowledged: the client's id and the `seq` it got.
  private(set) var acknowledged: [String: (conversation: ConversationID, seq: Int64)] = [:]
  private(set) var contradictions: [String] = []
  private(set) var isStalled = false
  private(set) var isGone = false
  /// Whose presence it watches, and what it has been told of them.
  var watched: [UserID] = []
  private(set) var seen: [UserID: Sight] = [:]
  /// Knocks in vain since it last came in.
  private var failures = 0
  private var early: [ConversationID: Int64] = [:]
  private var known: [ConversationID] = []
  private var outbox: [Outgoing] = []
  private var isSending = false
  private var sent = 0
  private var dice: SeededDice
  private unowned let cluster: any SimulationHome

  init(_ user: User, _ caller: Caller, in cluster: any SimulationHome, seed: UInt64) {
    self.user = user
    self.caller = caller
    self.cluster = cluster
    dice = SeededDice(seed: seed)
  }

  var line: SimulatedLine? { lines.last.flatMap { $0.isCut ? nil : $0 } }
  var isIdle: Bool { outbox.isEmpty }

  func roundTrip() -> Milliseconds { dice.pick(0...8) }

  // MARK: Connecting

  func connectSoon(told: Milliseconds? = nil) {
    let wait = cluster.wait(afterFailures: failures, told: told, &dice)
    cluster.time.schedule(after: wait) { [weak self] in self?.connect() }
  }

  private func connect() {
    guard line == nil, !isGone else { return }
    guard let node = cluster.door(for: self, &dice) else {
      failures += 1
      return connectSoon()
    }
    early = [:]
    let line = SimulatedLine(self, to: node, have: have, time: cluster.time)
    lines.append(line)
    line.begin()
  }

  func lineWasCut(_ line: SimulatedLine) {
    guard line === lines.last, !isGone else { return }
    if line.answer == nil { failures += 1 }
    connectSoon(told: line.comeBackAfter)
  }

  /// Goes for good.
  func goAway() {
    isGone = true
    line?.cut()
  }

  // MARK: Hearing

  func heard(_ entry: SimulatedLine.Heard, on line: SimulatedLine) {
    let id = entry.conversation
    if line.answer != nil || have[id] == entry.seq - 1 {
      have[id] = entry.seq
      if !known.contains(id), id != user.ownConversation { known.append(id) }
    } else {
      // Until the answer says where this conversation begins, a hole cannot be told from a beginning.
      early[id] = entry.seq
    }
  }

  func saw(_ user: UserID, isOnline: Bool) { seen[user] = Sight(isOnline: isOnline, at: cluster.time.now) }

  func resumed(_ answer: SimulatedLine.Answer, on line: SimulatedLine) {
    failures = 0
    seen = [:]
    line.watch(watched)
    for (id, head) in answer.heads where line.have[id] == nil || answer.behind.contains(id) {
      have[id] = max(head, early[id] ?? 0)
    }
    for (id, seq) in early { have[id] = max(have[id] ?? 0, seq) }
    known = answer.heads.keys.filter { $0 != user.ownConversation }.sorted()
    sendNext()
  }

  func goesOn(_ conversation: ConversationID, _ later: SimulatedLine.Later, on line: SimulatedLine) {
    if line.answer == nil { contradictions.append("\(conversation.rawValue) goes on before it was known to be away") }
    if line.have[conversation] == nil || later.isBehind { have[conversation] = later.head }
    if !known.contains(conversation) { known.append(conversation) }
  }

  // MARK: Sending

  func say(in conversation: ConversationID? = nil) {
    guard let id = conversation ?? dice.pick(of: known) else { return }
    sent += 1
    outbox.append(Outgoing(conversation: id, clientMessageID: "\(user.id.rawValue)-\(sent)"))
    sendNext()
  }

  private func sendNext() {
    guard !isSending, let next = outbox.first, let line, line.answer != nil else { return }
    isSending = true
    let (command, caller, chat) = (
      SendMessage(
        conversation: next.conversation, text: "message \(next.clientMessageID)",
        clientMessageID: next.clientMessageID), caller, line.node.chat
    )
    line.node.loop.spawn { [weak self] in
      do throws(ChatError) {
        let message = try await command.run(in: chat, as: caller).message
        self?.answered(next, on: line, .success(message.seq))
      } catch {
        self?.answered(next, on: line, .failure(error))
      }
    }
    // A dead node answers nobody, and its clients find out at last.
    cluster.time.schedule(after: 3_000) { [weak self, weak line] in
      guard let self, let line, line.node.isDead else { return }
      line.cut()
      if isSending, outbox.first?.clientMessageID == next.clientMessageID { retrySoon() }
    }
  }

  private func answered(_ message: Outgoing, on line: SimulatedLine, _ result: Result<Int64, ChatError>) {
    guard !line.node.isDead else { return }
    guard !line.isCut else { return retrySoon() }
    switch result {
    case .success(let seq):
      acknowledge(message, seq)
      drop(message)
    case .failure(.unavailable): retrySoon()
    case .failure: drop(message)
    }
  }

  private func acknowledge(_ message: Outgoing, _ seq: Int64) {
    if let first = acknowledged[message.clientMessageID], first.seq != seq {
      contradictions.append("\(message.clientMessageID) was acknowledged as \(first.seq) and as \(seq)")
    }
    acknowledged[message.clientMessageID] = (message.conversation, seq)
  }

  private func drop(_ message: Outgoing) {
    isSending = false
    outbox.removeAll { $0.clientMessageID == message.clientMessageID }
    sendNext()
  }

  private func retrySoon() {
    isSending = false
    cluster.time.schedule(after: dice.pick(20...300)) { [weak self] in self?.sendNext() }
  }

  // MARK: Trouble

  func cut() { line?.cut() }

  func stall(for duration: Milliseconds) {
    isStalled = true
    cluster.time.schedule(after: duration) { [weak self] in
      self?.isStalled = false
      self?.line?.drainSoon()
    }
  }
}
