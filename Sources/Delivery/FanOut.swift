import ChatCore

/// Hands one event to many sessions: encoded once per format, the same bytes to each send queue.
///
/// - Cost: one call a recipient; no allocation, no await, no system call (the transport sends once a connection and
///   tick).
enum FanOut {
  /// Sessions that are looked at before they are told: what a core's nearest memory holds with all that telling needs.
  private static let lookedAtOnce = 32

  /// Delivers an entry to those of the members, names the sessions whose queue is over the limit, and says to how many
  /// it went.
  static func deliver(
    _ entry: EncodedEntry, to places: Range<Int>, of members: ContiguousArray<HubSession>, queueBytesMax: Int,
    slow: inout [HubSession], _ ports: any LoopPorts
  ) -> Int {
    guard !places.isEmpty, places.upperBound <= members.count else { return 0 }
    var format = members[places.lowerBound].format
    var frame = entry.frame(in: format)
    // In a room of two formats each of them comes again and again.
    var (formatBefore, frameBefore) = (format, frame)
    var delivered = 0
    var next = places.lowerBound
    while next < places.upperBound {
      if members[next].format !== format {
        swap(&format, &formatBefore)
        swap(&frame, &frameBefore)
        if members[next].format !== format {
          format = members[next].format
          frame = entry.frame(in: format)
        }
      }
      let run = next..<end(of: format, members, from: next + 1, before: places.upperBound)
      next = run.upperBound
      guard let frame else { continue }
      if run.count > 1 { for place in run { members[place].expectFrame(ports) } }
      for place in run where members[place].deliver(frame) > queueBytesMax { slow.append(members[place]) }
      delivered += run.count
    }
    return delivered
  }

  /// Up to where from there on they speak that format: some dozens at most, since looking at them brings the memory of
  /// all at once that telling them needs one by one.
  private static func end(
    of format: WireFormat, _ members: ContiguousArray<HubSession>, from first: Int, before end: Int
  ) -> Int {
    let most = min(end, first + lookedAtOnce)
    var last = first
    while last < most, members[last].format === format { last += 1 }
    return last
  }

  /// Delivers a signal, which may be lost.
  static func deliver(
    _ signal: Signal, to members: ContiguousArray<HubSession>, except user: UserID? = nil, queueBytesMax: Int
  ) {
    _ = deliver(to: members, except: user, queueBytesMax: queueBytesMax) { $0.encode(signal) }
  }

  /// Delivers what may be lost: a session with much waiting does without. Says to how many it went.
  ///
  /// - Parameter withholding: asked of each whether he is not to hear it.
  static func deliver(
    to members: some Sequence<HubSession>, except user: UserID? = nil, queueBytesMax: Int,
    withholding: (HubSession) -> Bool = { _ in false }, _ encode: (WireFormat) -> EncodedFrame?
  ) -> Int {
    var frames: [(format: WireFormat, frame: EncodedFrame?)] = []
    var delivered = 0
    for session in members
    where session.user != user && !withholding(session) && session.port.queuedBytes < queueBytesMax / 2 {
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
