import ChatCore
import Delivery

/// One session of one client: a connection to a node, as seen from both ends, and the transcript of what came through.
final class SimulatedLine: SessionPort, @unchecked Sendable {
  /// One entry as it came to the client.
  struct Heard: Hashable {
    let conversation: ConversationID
    let seq: Int64
    /// The whole entry as text, to be compared with the log.
    let text: String
    let at: Milliseconds
  }

  /// The answer to the resume.
  struct Answer {
    let heads: [ConversationID: Int64]
    let behind: [ConversationID]
  }

  /// Where a conversation goes on that could not be asked about at the resume.
  struct Later {
    let head: Int64
    let isBehind: Bool
  }

  private enum Item {
    case frame(EncodedFrame)
    case answer(Answer)
    case later(ConversationID, Later)
    case failed
  }

  let node: SimulatedNode
  let user: UserID
  /// What the client said that it has.
  let have: [ConversationID: Int64]
  private(set) var heard: [Heard] = []
  private(set) var answer: Answer?
  private(set) var later: [ConversationID: Later] = [:]
  private(set) var answeredAt: Milliseconds = .max
  private(set) var isCut = false
  private(set) var queuedBytes = 0
  private(set) var mostQueuedBytes = 0
  /// What a leaving node told the client.
  private(set) var comeBackAfter: Milliseconds?
  private unowned let client: SimulatedClient
  private let time: VirtualTime
  private var seat: HubSession?
  private var queue: [Item] = []
  private var isDraining = false

  init(_ client: SimulatedClient, to node: SimulatedNode, have: [ConversationID: Int64], time: VirtualTime) {
    self.client = client
    self.node = node
    self.have = have
    self.time = time
    user = client.user.id
  }

  func begin() {
    let seat = node.hub.attach(
      self, user: user, signIn: client.caller.session, ownConversation: client.user.ownConversation,
      format: .simulated)
    self.seat = seat
    node.hub.resume(seat, heads: have) { [weak self] in self?.resumed($0) }
  }

  /// Begins to watch users' presence.
  func watch(_ users: [UserID]) {
    if let seat, !node.isDead, !users.isEmpty { _ = node.hub.watch(seat, users, asOf: node.hub.rightsMoment) }
  }

  private func resumed(_ outcome: ResumeOutcome) {
    switch outcome {
    case .resumed(let heads, let behind, _): put(.answer(Answer(heads: heads, behind: behind)))
    case .failed, .busy, .invalidHead: put(.failed)
    }
  }

  // MARK: The server's end

  func deliver(_ frame: EncodedFrame) -> Int {
    queuedBytes += frame.bytes.count
    mostQueuedBytes = max(mostQueuedBytes, queuedBytes)
    put(.frame(frame))
    return queuedBytes
  }

  func end(_ reason: EndReason) { cut() }

  func available(_ conversation: ConversationID, head: Int64, isBehind: Bool) {
    put(.later(conversation, Later(head: head, isBehind: isBehind)))
  }

  /// The node leaves and says when to come back.
  func sendAway(comeBackAfter wait: Milliseconds) {
    comeBackAfter = wait
    cut()
  }

  /// The connection breaks: what is on its way is lost, and either end sees it.
  func cut() {
    guard !isCut else { return }
    isCut = true
    queue = []
    if let seat, !node.isDead { node.hub.detach(seat) }
    seat = nil
    client.lineWasCut(self)
  }

  // MARK: The client's end

  private func put(_ item: Item) {
    guard !isCut else { return }
    queue.append(item)
    drainSoon()
  }

  func drainSoon() {
    guard !isDraining, !isCut, !client.isStalled, !queue.isEmpty else { return }
    isDraining = true
    time.schedule(after: client.roundTrip()) { [weak self] in
      self?.isDraining = false
      self?.drain()
    }
  }

  private func drain() {
    guard !isCut, !client.isStalled else { return }
    let items = queue
    queue = []
    queuedBytes = 0
    for item in items {
      guard !isCut else { return }
      take(item)
    }
  }

  private func take(_ item: Item) {
    switch item {
    case .frame(let frame):
      guard let entry = Heard(frame.bytes, at: time.now) else { return takePresence(frame.bytes) }
      heard.append(entry)
      client.heard(entry, on: self)
    case .answer(let answer):
      self.answer = answer
      answeredAt = time.now
      client.resumed(answer, on: self)
    case .later(let conversation, let later):
      self.later[conversation] = later
      client.goesOn(conversation, later, on: self)
    case .failed:
      cut()
    }
  }
}

extension SimulatedLine {
  private func takePresence(_ bytes: [UInt8]) {
    let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    guard parts.count == 3, parts[0] == "presence", let user = Int64(parts[1]) else { return }
    client.saw(UserID(rawValue: user), isOnline: parts[2] == "online")
  }
}

extension SimulatedLine.Heard {
  init?(_ bytes: [UInt8], at now: Milliseconds) {
    let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ", maxSplits: 2)
    guard parts.count == 3, let id = Int64(parts[0]), let seq = Int64(parts[1]) else { return nil }
    self.init(conversation: ConversationID(rawValue: id), seq: seq, text: String(parts[2]), at: now)
  }
}

extension Entry {
  /// What a simulated client is told of an entry besides its place.
  var simulatedText: String {
    switch event {
    case .messageCreated(let message): "\(id.rawValue) \(message.sender.id.rawValue) \(message.text)"
    default: "\(id.rawValue) \(event.name)"
    }
  }
}

extension WireFormat {
  /// `conversation seq text`, or `presence user status`.
  static let simulated = WireFormat(
    name: "simulated",
    entry: { Array("\($0.conversation.rawValue) \($0.seq) \($0.simulatedText)".utf8) }, signal: { _ in nil },
    presence: { Array("presence \($0.user.rawValue) \($0.status)".utf8) })
}
