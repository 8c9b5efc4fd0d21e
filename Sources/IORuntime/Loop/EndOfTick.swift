/// Something that has gathered work during a tick, such as bytes to send, and does it once at the end.
public protocol EndOfTick: AnyObject {
  /// The tick's work is done.
  func endOfTick()
}

/// How many are told one thing at once: so many that others come first, or so many that it is paced.
enum Crowd { case common, vast }

/// Something that was given work as one of a crowd, and does it when it is its turn.
protocol CrowdMember: AnyObject {
  /// Those in front of it in that crowd have been told.
  func crowdsTurn(_ crowd: Crowd)
}
