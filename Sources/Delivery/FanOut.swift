import ChatCore

/// Hands one event to many sessions: encoded once per format, the same bytes to each send queue.
///
/// - Cost: one call a recipient; no allocation, no await, no system call (the transport sends once a connection and
///   tick).
enum FanOut {
  /// Delivers an entry to those of the members, names the sessions whose queue is over the limit, and says to how many
  /// it went.
  static func deliver(
    _ entry: EncodedEntry, to places: Range<Int>, of members: ContiguousArray<HubSession>, queueBytesMax: Int,
    slow: inout [HubSession]
  ) -> Int {
    guard !places.isEmpty, places.upperBound <= members.count else { return 0 }
    var format = members[places.lowerBound].format
    var frame = entry.frame(in: format)
    var delivered = 0
    for place in places {
      let session = members[place]
      if session.format !== format {
        format = session.format
        frame = entry.frame(in: format)
      }
      guard let frame else { continue }
      delivered += 1
      if session.port.deliver(frame) > queueBytesMax { slow.append(session) }
    }
    return delivered
  }

  /// Delivers a signal, which may be lost.
  static func deliver(
    _ signal: Signal, to members: ContiguousArray<HubSession>, except user: UserID? = nil, queueBytesMax: Int
  ) {
    _ = deliver(to: members, except: user, queueBytesMax: queueBytesMax) { $0.encode(signal) }
  }

  /// Delivers what may be lost: a session with much waiting does without. Says to how many it went.
  static func deliver(
    to members: some Sequence<HubSession>, except user: UserID? = nil, queueBytesMax: Int,
    _ encode: (WireFormat) -> EncodedFrame?
  ) -> Int {
    var frames: [(format: WireFormat, frame: EncodedFrame?)] = []
    var delivered = 0
    for session in members where session.user != user && session.port.queuedBytes < queueBytesMax / 2 {
      if !frames.contains(where: { $0.format === session.format }) {
        frames.append((session.format, encode(session.format)))
      }
      guard let frame = frames.first(where: { $0.format === session.format })?.frame else { continue }
      _ = session.port.deliver(frame)
      delivered += 1
    }
    return delivered
  }
}
