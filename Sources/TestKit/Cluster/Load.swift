import IORuntime

/// A steady stream of messages: conversation by conversation, from their members in turn.
public struct Load: Sendable {
  /// By which door a message goes.
  public enum Door: Sendable {
    /// The sender's socket.
    case socket
    /// An API node, another one for each message.
    case rest
    /// One by the socket, one by REST.
    case both
  }

  /// Messages in all.
  public var count: Int
  /// How many a second are begun, whatever becomes of the earlier ones.
  public var perSecond: Int
  /// By which door.
  public var door: Door
  /// How long a client repeats what was not answered, in milliseconds; every tenth message is never repeated.
  public var patience: Int64

  /// Describes the stream.
  public init(count: Int, perSecond: Int, door: Door = .socket, patience: Int64 = 15_000) {
    self.count = count
    self.perSecond = perSecond
    self.door = door
    self.patience = patience
  }

  /// Sends it all and waits for every answer, or for patience to end.
  public func run(on stage: ClusterStage, _ prefix: String = "m") async {
    let places = stage.conversations.sorted { $0.key < $1.key }
    let begin = Stopwatch.now
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        let due = begin + Moment(number) * 1_000_000 / Moment(perSecond)
        let wait = (due - Stopwatch.now) / 1_000
        if wait > 0 { await stage.loop.sleep(wait) }
        let (conversation, members) = places[number % places.count]
        let senders = stage.clients.filter { client in members.contains { $0.user == client.account.user } }
        guard !senders.isEmpty else { continue }
        let sender = senders[number / places.count % senders.count]
        group.addTask { await send(number, prefix, from: sender, in: conversation, on: stage) }
      }
    }
  }

  /// Sends a second's worth again and again until told to stop, and waits for every answer; every message has another
  /// name.
  public func run(on stage: ClusterStage, _ prefix: String, until isOver: () -> Bool) async {
    var part = self
    part.count = perSecond
    var round = 0
    while !isOver() {
      await part.run(on: stage, "\(prefix)\(round)")
      round += 1
    }
  }

  private func send(
    _ number: Int, _ prefix: String, from sender: ChatClient, in conversation: Int64, on stage: ClusterStage
  ) async {
    let patience = number % 10 == 9 ? 0 : patience
    let id = "\(prefix)-\(number)"
    if door == .rest || door == .both && number % 2 == 1 {
      let nodes = stage.api.indices.map { stage.api[($0 + number) % stage.api.count] }
      await sender.say("text \(number)", in: conversation, as: id, through: nodes, patience: patience)
    } else {
      await sender.say("text \(number)", in: conversation, as: id, patience: patience)
    }
  }
}
