import ChatCore
import MemoryAdapters

/// A chat in memory with the cast on it and everything visible: what a domain test or a door's test begins with.
///
/// - Shape: everybody's password is ``Stage/password``; each of the cast speaks through a session of his own.
public struct Stage: Sendable {
  /// Everybody's password.
  public static let password = "correct horse"

  /// The stores, whose database can be played away.
  public let world: MemoryWorld
  /// Stands still until told to go on.
  public let clock: ManualClock
  /// Passwords and tokens.
  public let credentials: FakeCredentials
  /// What was published.
  public let publisher: RecordingPublisher
  /// What commands run in.
  public let chat: Chat
  /// Ada, Bob, Eve and their rooms.
  public let cast: Cast
  /// Ada, signed in.
  public let ada: Caller
  /// Bob, signed in.
  public let bob: Caller
  /// Eve, signed in.
  public let eve: Caller

  /// Sets it up.
  public static func set(
    limits: Limits = Limits(), presence: any PresenceDirectory = NoPresence()
  ) async throws(ChatError) -> Stage {
    let clock = ManualClock()
    let world = MemoryWorld(clock: clock, sessionIdleMax: limits.sessionIdleMax)
    let credentials = FakeCredentials()
    let publisher = RecordingPublisher()
    let chat = Chat(
      users: world, sessions: world, conversations: world, contacts: world, cleanups: world, log: world,
      messages: world,
      files: world, blobs: world, credentials: credentials, publisher: publisher,
      limiter: MemoryRateLimiter(clock: clock), presence: presence, clock: clock, limits: limits)
    let cast = try await Cast.gather(in: StoresUnderTest(world))
    var callers: [Caller] = []
    for user in [cast.ada, cast.bob, cast.eve] {
      try await world.setPasswordHash("plain:" + password, of: user.id)
      let session = try await world.open(user: user.id, device: nil, nonce: credentials.nonce(), most: 100)
      callers.append(Caller(user: user.id, session: session.id))
    }
    return Stage(
      world: world, clock: clock, credentials: credentials, publisher: publisher, chat: chat, cast: cast,
      ada: callers[0], bob: callers[1], eve: callers[2])
  }
}
