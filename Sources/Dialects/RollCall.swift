import ChatCore
import Delivery
import JSONText

/// Who is inside a conversation just now, in one dialect, on all nodes: asked of every loop whose sessions follow it,
/// and answered by those that have somebody inside.
///
/// Nothing of it is kept, so nothing of it outlives a node. Best effort: who does not answer ``within`` is not there.
///
/// - Shape: a relay on the wire `<dialect>?` with `{"call":7,"user":4097}`, answered on `<dialect>!` with
///   `{"call":7,"inside":[[4097,"ada"]]}`.
/// - Isolation: one loop; a frame on its way to the loop's sessions.
final class RollCall {
  /// How long answers are waited for: twice what a message between nodes takes at worst while all is well.
  static let within: Milliseconds = 500
  /// Users whom one loop names: more than anybody reads through.
  static let usersMax = 1_000
  /// Users of one answer: with the longest names below `Relay.bytesMax`.
  static let usersPerAnswerMax = 128
  /// Calls that one client may have under way, one a conversation.
  static let callsMax = 8

  enum Step {
    case asked(by: UserID, of: ConversationID)
    case answered([Author])
  }

  let number: Int64
  let step: Step
  /// Whether the loop has answered, which the first of its sessions does for all.
  var isAnswered = false

  /// Reads a relay; nil when it is none of a call.
  init?(_ relay: Relay, of dialect: Dialect) {
    guard let body = try? JSONValue(parsing: Array(relay.body.utf8)), let number = body["call"]?.integer else {
      return nil
    }
    self.number = number
    if relay.wire == dialect.asking, case .conversation(let id) = relay.to,
      let user = body["user"]?.integer.flatMap({ UserID(checking: $0) })
    {
      step = .asked(by: user, of: id)
    } else if relay.wire == dialect.answering, let inside = body["inside"]?.array {
      step = .answered(
        inside.compactMap { one in
          guard let id = one[0]?.integer.flatMap({ UserID(checking: $0) }), let name = one[1]?.string else {
            return nil
          }
          return Author(id: id, username: name)
        })
    } else {
      return nil
    }
  }

  static func question(_ number: Int64, by user: UserID, of id: ConversationID, in dialect: Dialect) -> Relay? {
    let body: JSONValue = ["call": .integer(number), "user": .integer(user.rawValue)]
    return Relay(to: .conversation(id), wire: dialect.asking, audience: .everyone, body: body.text)
  }

  static func answer(_ number: Int64, to user: UserID, _ inside: some Sequence<Author>, in dialect: Dialect) -> Relay? {
    let list = inside.map { JSONValue.array([.integer($0.id.rawValue), .string($0.username)]) }
    let body: JSONValue = ["call": .integer(number), "inside": .array(list)]
    return Relay(to: .user(user), wire: dialect.answering, audience: .everyone, body: body.text)
  }
}

extension Dialect {
  fileprivate var asking: String { name + "?" }
  fileprivate var answering: String { name + "!" }
}

extension DialectSession {
  /// A call that waits for its answers.
  struct Roll {
    let number: Int64
    var found: [UserID: Author] = [:]
  }

  /// Asks who is inside, and says what is made of it once the time is over; nothing more while such a call is under
  /// way, whose answer serves both.
  func callRoll(of id: ConversationID, _ words: @escaping @Sendable ([Author]) -> [Words]) {
    guard let user, rolls[id] == nil, rolls.count < RollCall.callsMax else { return }
    let number = Int64(door.ports.random(below: 1 << 53))
    guard let question = RollCall.question(number, by: user.id, of: id, in: mount.dialect) else { return }
    rolls[id] = Roll(number: number)
    mount.chat.publisher.announce(.relayed(question))
    door.ports.schedule(after: RollCall.within) { [weak self] in
      guard let found = self?.rolls.removeValue(forKey: id)?.found.values else { return }
      for words in words(found.sorted { ($0.username, $0.id) < ($1.username, $1.id) }) { self?.say(words) }
    }
  }

  /// A question or an answer has come.
  func hear(_ call: RollCall) {
    switch call.step {
    case .asked(let asker, let id):
      guard !call.isAnswered else { return }
      call.isAnswered = true
      var rest = door.inside(id, most: RollCall.usersMax)[...]
      while !rest.isEmpty {
        let answer = RollCall.answer(
          call.number, to: asker, rest.prefix(RollCall.usersPerAnswerMax), in: mount.dialect)
        rest = rest.dropFirst(RollCall.usersPerAnswerMax)
        if let answer { mount.chat.publisher.announce(.relayed(answer)) }
      }
    case .answered(let inside):
      for (id, roll) in rolls where roll.number == call.number {
        for one in inside where roll.found.count < Ask.listMax { rolls[id]?.found[one.id] = one }
      }
    }
  }
}

extension DialectDoor {
  /// The users of this loop who are inside, each once.
  fileprivate func inside(_ id: ConversationID, most: Int) -> [Author] {
    var found: [UserID: Author] = [:]
    for session in all where session.entered[id] != nil {
      if let user = session.user, found.count < most { found[user.id] = user.author }
    }
    return Array(found.values)
  }
}
