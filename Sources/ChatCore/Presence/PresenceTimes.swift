/// How fast presence is told and forgotten, and in which portions.
///
/// Together: who comes is seen within ``tick``, who goes within ``grace`` and ``tick`` (1.8 s), whose node was killed
/// within ``lifetime``, a tick for the lease to be missed and one to tell it (10 s).
public struct PresenceTimes: Sendable, Hashable {
  /// Between two batches of changes: a herd that reconnects makes one batch a second, not one event a user.
  public var tick: Milliseconds = 1_000
  /// How long a user who has left is still there: a device that reconnects must not flap.
  public var grace: Milliseconds = 800
  /// How long a node's lease lives; renewed each tick, so that seven losses in a row are survived.
  public var lifetime: Milliseconds = 8_000
  /// How long nodes get to renew after an outage of Redis, before they are taken for dead.
  public var patience: Milliseconds = 3_000

  /// The defaults.
  public init() {}
}
