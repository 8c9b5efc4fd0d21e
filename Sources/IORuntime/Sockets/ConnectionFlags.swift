/// What has happened to a connection.
struct ConnectionFlags: OptionSet {
  let rawValue: UInt16
  /// The owner wants no bytes for now.
  static let paused = ConnectionFlags(rawValue: 1)
  /// The end of the peer's bytes was read.
  static let peerFinished = ConnectionFlags(rawValue: 2)
  /// Nothing more may be added to the send queue.
  static let finishing = ConnectionFlags(rawValue: 4)
  /// Our half is shut down.
  static let shutDown = ConnectionFlags(rawValue: 8)
  /// To be closed once the queue is empty and the peer has finished too; what it still says is dropped.
  static let lingering = ConnectionFlags(rawValue: 16)
  /// The socket takes no more; epoll tells when it does.
  static let blocked = ConnectionFlags(rawValue: 32)
  /// The loop calls at the end of the tick.
  static let corked = ConnectionFlags(rawValue: 64)
  /// The queue passed the high mark and has not come down to the low one.
  static let congested = ConnectionFlags(rawValue: 128)
  /// The handler has been set.
  static let begun = ConnectionFlags(rawValue: 256)
  /// The peer finished before we did.
  static let peerFirst = ConnectionFlags(rawValue: 512)
  /// The loop calls when it is its turn in the crowd.
  static let inCrowd = ConnectionFlags(rawValue: 1024)
  /// The same in a vast one.
  static let inVastCrowd = ConnectionFlags(rawValue: 2048)

  /// Whether bytes are to be read, be it to drop them.
  var mayRead: Bool { !contains(.peerFinished) && (!contains(.paused) || contains(.lingering)) }

  /// What epoll is to tell of.
  var interest: PollEvents {
    var wanted: PollEvents = []
    if mayRead { wanted.insert(.read) }
    if contains(.blocked) { wanted.insert(.write) }
    // A hang-up is reported whether wanted or not: as a state it would wake the loop for ever.
    return wanted.isEmpty ? .edge : wanted
  }
}

extension ConnectionFlags {
  /// That it waits for its turn there.
  init(_ crowd: Crowd) { self = crowd == .vast ? .inVastCrowd : .inCrowd }
}
