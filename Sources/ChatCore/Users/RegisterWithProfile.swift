/// Makes an account whose owner shows a picture and attributes from the beginning, for dialects whose clients ask for
/// all of it at once.
///
/// The profile is set right after the account is there: who asks again after a crash in between finds his name taken,
/// and an account without a picture.
///
/// - Throws: as ``Register`` and ``UpdateProfile``; nothing is made when either would refuse.
public struct RegisterWithProfile: OpenCommand {
  /// The account.
  public let account: Register
  /// What it shows besides.
  public let profile: ProfileChange

  /// Collects what is asked.
  public init(_ account: Register, _ profile: ProfileChange) {
    self.account = account
    self.profile = profile
  }

  /// Checks, makes, shows.
  public func run(in chat: Chat) async throws(ChatError) -> User {
    var faults = Faults()
    faults.check(profile, chat.limits)
    try faults.settle()
    let user = try await account.run(in: chat)
    return profile == ProfileChange() ? user : try await chat.users.update(user.id, profile)
  }
}
