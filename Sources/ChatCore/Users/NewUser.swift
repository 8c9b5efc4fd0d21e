/// What registering stores.
public struct NewUser: Sendable {
  /// The name as he wrote it, and its key.
  public let username: Username
  /// What others see.
  public let displayName: String
  /// His address.
  public let email: String?
  /// PHC string of the password.
  public let passwordHash: String
  /// Where his picture is.
  public let avatarURL: String?
  /// What his client keeps of him besides.
  public let attributes: [String: String]

  /// Collects what registering stores.
  public init(
    username: Username, displayName: String, email: String?, passwordHash: String, avatarURL: String? = nil,
    attributes: [String: String] = [:]
  ) {
    self.username = username
    self.displayName = displayName
    self.email = email
    self.passwordHash = passwordHash
    self.avatarURL = avatarURL
    self.attributes = attributes
  }
}

/// What changes of a profile; what is nil stays.
public struct ProfileChange: Sendable, Hashable {
  /// What others see.
  public var displayName: String?
  /// His address; `.some(nil)` takes it away.
  public var email: String??
  /// Where his picture is; `.some(nil)` takes it away.
  public var avatarURL: String??
  /// Attributes to set; an empty value takes one away, those not named stay.
  public var attributes: [String: String]

  /// Collects what changes.
  public init(
    displayName: String? = nil, email: String?? = nil, avatarURL: String?? = nil, attributes: [String: String] = [:]
  ) {
    self.displayName = displayName
    self.email = email
    self.avatarURL = avatarURL
    self.attributes = attributes
  }
}
