import ChatCore

/// What a request counts as; each class has its own bucket of tokens.
public enum RateClass: String, Sendable, CaseIterable {
  /// Not limited: probes, documents.
  case none
  /// Making accounts, by address.
  case register
  /// Signing in and refreshing that fail, by address.
  case signIn = "sign_in"
  /// Signing in that fails, by account and address; see ``RateGate``.
  case signInAccount = "sign_in_account"
  /// Sending messages, by user.
  case send
  /// Other changes, by user.
  case write
  /// Reading, by user.
  case read
  /// Searching over all users, by user.
  case search

  /// Whether the bucket is the address's; else it is the user's.
  var isByAddress: Bool { self == .register || self == .signIn }

  /// Whether only what fails is counted.
  var countsFailures: Bool { self == .signIn || self == .signInAccount }
}

/// How many of a class, how fast.
public struct RatePolicy: Sendable, Hashable {
  /// The most at once.
  public let burst: Int
  /// How many come back each second.
  public let perSecond: Double

  /// A policy.
  public init(burst: Int, perSecond: Double) {
    self.burst = burst
    self.perSecond = perSecond
  }

  /// The seconds in which an empty bucket is full again: the window of the `RateLimit-Policy` header.
  var window: Int {
    guard perSecond > 0, let seconds = Int(exactly: (Double(burst) / perSecond).rounded(.up)) else { return 1 }
    return max(1, seconds)
  }
}
