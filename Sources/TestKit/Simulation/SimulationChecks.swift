import ChatCore
import Delivery
import MemoryAdapters

/// What must hold after a simulation, whatever befell the cluster. The log is the truth that all is compared with.
///
/// - Durable: what was acknowledged is in the log, once, under the `seq` that the acknowledgement said.
/// - Ordered: each session hears each conversation ascending, each entry once, without holes from where it began.
/// - The same: what was heard at a place is what the log has there.
/// - Private: nobody hears an entry of a time in which he was no member.
/// - Bounded: no send queue outgrew its limit by more than what one turn adds.
/// - Converged: after the calm every client is connected and has everything of every conversation of his.
struct SimulationChecks {
  private(set) var failures: [String] = []
  /// From the commit of an entry to a session that was live by then; of those it heard live.
  private(set) var worstDelay: Milliseconds = 0
  private let cluster: any SimulationHome
  private var owners: [ConversationID: UserID] = [:]
  private var stored: [String: [Entry]] = [:]
  private var logs: [ConversationID: [Entry]] = [:]
  private var visible: [Membership: Set<Int64>] = [:]

  private struct Membership: Hashable {
    let user: UserID
    let conversation: ConversationID
  }

  init(_ cluster: any SimulationHome) {
    self.cluster = cluster
    guard readLogs() else {
      failures.append("the log could not be read")
      return
    }
    for client in cluster.clients { owners[client.user.ownConversation] = client.user.id }
    for log in logs.values {
      for entry in log { if let id = entry.event.clientMessageID { stored[id, default: []].append(entry) } }
    }
    for client in cluster.clients {
      checkAcknowledged(client)
      for (index, line) in client.lines.enumerated() { check(line, "\(client.user.username), session \(index)") }
      checkConverged(client)
    }
    if cluster.heardByAll == 0 { failures.append("nobody heard anything, so nothing was checked") }
  }

  private mutating func fail(_ sentence: String) { failures.append(sentence) }

  private mutating func readLogs() -> Bool {
    let (world, ids) = (cluster.world, cluster.groups + cluster.clients.map(\.user.ownConversation))
    let read = cluster.time.finish { () async -> [ConversationID: [Entry]] in
      var logs: [ConversationID: [Entry]] = [:]
      for id in ids { logs[id] = try? await world.entries(of: id, after: 0, limit: .max) }
      return logs
    }
    logs = read ?? [:]
    return logs.count == ids.count
  }

  private func entry(_ id: ConversationID, _ seq: Int64) -> Entry? {
    guard let log = logs[id], seq >= 1, seq <= log.count else { return nil }
    return log[Int(seq) - 1]
  }

  // MARK: Durable

  private mutating func checkAcknowledged(_ client: SimulatedClient) {
    for contradiction in client.contradictions { fail(contradiction) }
    for (id, place) in client.acknowledged.sorted(by: { $0.key < $1.key }) {
      let copies = (stored[id] ?? []).filter { $0.conversation == place.conversation }
      if copies.map(\.seq) != [place.seq] {
        fail("\(id) was acknowledged as \(place.seq), and the log has it as \(copies.map(\.seq))")
      }
    }
  }

  // MARK: Ordered, the same, private, bounded

  private mutating func check(_ line: SimulatedLine, _ name: String) {
    var last: [ConversationID: Int64] = [:]
    for heard in line.heard {
      let id = heard.conversation
      if let before = last[id] {
        checkStep(from: before, to: heard.seq, in: id, line.user, name)
      } else {
        checkBeginning(heard, line, name)
      }
      last[id] = heard.seq
      guard let entry = entry(id, heard.seq), entry.simulatedText == heard.text else {
        fail("\(name) heard at \(id.rawValue)/\(heard.seq) what is not in the log: \(heard.text)")
        continue
      }
      let storedAt = entry.createdAt.milliseconds - VirtualClock.beginning
      if storedAt > line.answeredAt { worstDelay = max(worstDelay, heard.at - storedAt) }
      if !mayHear(line.user, entry) { fail("\(name) heard \(id.rawValue)/\(heard.seq) and was no member") }
    }
    let limits = cluster.limits
    if line.mostQueuedBytes > limits.sendQueueBytesMax * limits.sendQueueBurst + 500 {
      fail("\(name) had \(line.mostQueuedBytes) bytes waiting")
    }
  }

  private mutating func checkStep(
    from before: Int64, to seq: Int64, in id: ConversationID, _ user: UserID, _ name: String
  ) {
    guard seq != before + 1, seq != comingBack(of: user, after: before, in: id) else { return }
    fail("\(name) heard \(id.rawValue)/\(seq) after \(before)")
  }

  /// Where a conversation begins for a session: after what the client has, at the answer's head, or where he joined.
  private mutating func checkBeginning(_ heard: SimulatedLine.Heard, _ line: SimulatedLine, _ name: String) {
    let id = heard.conversation
    let have = line.have[id]
    let later = line.later[id]
    let head = line.answer?.heads[id] ?? later?.head
    let isBehind = line.answer?.behind.contains(id) == true || later?.isBehind == true
    let startsAtHead = line.answer == nil || have == nil || isBehind
    var allowed = [have, startsAtHead ? head : nil].compactMap { $0 }.flatMap {
      [$0 + 1, comingBack(of: line.user, after: $0, in: id)]
    }
    if entry(id, heard.seq)?.takesIn(line.user) == true { allowed.append(heard.seq) }
    // Without an answer nobody can say where a conversation that was left out, or too far behind, began.
    let isUnknown = line.answer == nil && (have ?? -1) + 1 < heard.seq
    if !allowed.contains(heard.seq), !isUnknown {
      fail("\(name) heard \(id.rawValue)/\(heard.seq) first, having \(have ?? -1), head \(head ?? -1)")
    }
  }

  /// The entry by which he came back, if he left by the one at `before`.
  private func comingBack(of user: UserID, after before: Int64, in id: ConversationID) -> Int64? {
    guard entry(id, before)?.putsOut(user) == true else { return nil }
    return logs[id]?.dropFirst(Int(before)).first { $0.takesIn(user) }?.seq
  }

  private mutating func mayHear(_ user: UserID, _ entry: Entry) -> Bool {
    let key = Membership(user: user, conversation: entry.conversation)
    if visible[key] == nil { visible[key] = places(visibleTo: user, in: entry.conversation) }
    return visible[key]?.contains(entry.seq) ?? false
  }

  /// The places that a user may see: from the entry that takes him in to the one that puts him out, both included.
  private func places(visibleTo user: UserID, in id: ConversationID) -> Set<Int64> {
    var isMember = owners[id] == user
    var places = Set<Int64>()
    for entry in logs[id] ?? [] {
      if entry.takesIn(user) { isMember = true }
      if isMember { places.insert(entry.seq) }
      if entry.putsOut(user) { isMember = false }
    }
    return places
  }

  // MARK: Converged

  private mutating func checkConverged(_ client: SimulatedClient) {
    let name = client.user.username
    if client.isGone { return }
    guard let line = client.line, line.answer != nil, !line.node.isDead else {
      return fail("\(name) is not connected after the calm")
    }
    if !client.isIdle { fail("\(name) has messages that nobody has answered") }
    let (world, user) = (cluster.world, client.user.id)
    let heads = cluster.time.finish { try? await world.heads(of: user) }
    for (id, head) in ((heads ?? nil)?.known ?? [:]).sorted(by: { $0.key < $1.key }) where client.have[id] != head {
      fail("\(name) has \(client.have[id] ?? -1) of \(id.rawValue), whose head is \(head)")
    }
  }
}

extension Entry {
  fileprivate func takesIn(_ user: UserID) -> Bool {
    switch event {
    case .conversationCreated(let conversation): conversation.members.contains { $0.user == user }
    case .memberJoined(let member): member.user == user
    default: false
    }
  }

  fileprivate func putsOut(_ user: UserID) -> Bool {
    if case .memberLeft(let author) = event { return author.id == user }
    return false
  }
}

extension Event {
  fileprivate var clientMessageID: String? {
    if case .messageCreated(let message) = self { return message.clientMessageID }
    return nil
  }
}
