import ChatCore

extension Hub: BrokerReceiver {
  /// Entries arrived from another loop or node; each run of one conversation goes to its room.
  public func received(_ entries: [Entry]) {
    var rest = entries[...]
    while let first = rest.first {
      let run = rest.prefix { $0.conversation == first.conversation }
      late.heard(run)
      rooms[first.conversation]?.received(run)
      rest = rest.dropFirst(run.count)
    }
    judgeSlowReaders()
  }

  /// A signal arrived.
  public func received(_ signal: Signal) {
    switch signal {
    case .signedOut(let user, let ended):
      for session in sessions(of: user) where ended.isEmpty || ended.contains(session.signIn) {
        end(session, .signedOut)
      }
    case .accountGone(let user):
      for session in sessions(of: user) { end(session, .accountGone) }
    case .estranged(let user, let other): unwatch(by: user, [other])
    case .typing(let id, let author):
      guard let room = rooms[id] else { return }
      // He knows that he is writing, on whichever device.
      tell(signal, to: room.members, except: author.id)
    case .read(let id, _, _):
      guard let room = rooms[id] else { return }
      // His own other sessions are to show the same.
      tell(signal, to: room.members)
    case .relayed(let relay):
      let told: ContiguousArray<HubSession>
      switch relay.to {
      case .conversation(let id):
        told = rooms[id]?.members ?? []
        // In a crowd who comes and goes is n² frames that nobody looks at. What nodes ask each other is for everyone.
        if relay.audience != .everyone, told.count > limits.crowdAbove { return }
      case .user(let user): told = ContiguousArray(sessions(of: user))
      }
      tell(signal, to: told)
    }
  }

  private func tell(_ signal: Signal, to members: ContiguousArray<HubSession>, except user: UserID? = nil) {
    telling(members.count) {
      FanOut.deliver(signal, to: members, except: user, queueBytesMax: limits.sendQueueBytesMax)
    }
  }

  /// Tells so many sessions one thing: when they are many, what few are told leaves first.
  func telling(_ sessions: Int, _ body: () -> Void) {
    if sessions > limits.toldFirstMax { ports.tellCrowd(of: sessions, body) } else { body() }
  }

  /// The broker tells everything of the topic from now on; what came before is compared with the log.
  public func following(_ topic: Topic) {
    if case .user(let user) = topic { rights.mayHaveMissedSignals(user) }
    guard case .conversation(let id) = topic else { return }
    late.following(id)
    guard let room = rooms[id] else { return }
    room.following()
    headCheck.suspect(room)
  }

  /// The broker tells nothing of some rooms, or of all, until it follows again: until then the log is asked, twice as
  /// often.
  public func interrupted(_ interruption: Interruption) {
    brokerInterrupted(interruption)
  }
}
