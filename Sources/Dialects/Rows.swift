import HTTP1

/// One request of a dialect: what is asked, who may, what counts it, what is done.
///
/// - Shape: `.on(.post, "/api/messages/private/<int>", .signedIn, .send) { ask in … }`. `<int>` is one segment of
///   digits, `<id>` one of any id form, `<text>` any one; the row finds them in ``Ask/path`` in their order. A slash at
///   the end is no difference.
public struct Route: Sendable {
  /// The method.
  public let method: Method
  /// The path below the prefix.
  public let path: String
  /// Who may.
  public let access: Access
  /// What counts it.
  public let rate: Rate
  /// Whether its body may be as long as a file.
  public let takesFile: Bool
  /// What is done; throws ``Refusal``, or `ChatError`, which ``Refusals`` words.
  public let act: @Sendable (Ask) async throws -> Answer

  /// A row.
  public static func on(
    _ method: Method, _ path: String, _ access: Access, _ rate: Rate = .read, takesFile: Bool = false,
    _ act: @escaping @Sendable (Ask) async throws -> Answer
  ) -> Route { Route(method: method, path: path, access: access, rate: rate, takesFile: takesFile, act: act) }

  /// The row's name in metrics and logs.
  public var label: String { "\(method) \(path)" }
  /// The last word of the path that is no parameter: what the old servers' texts call a request.
  public var word: String {
    path.split(separator: "/").last { !$0.hasPrefix("<") }.map(String.init) ?? ""
  }
}

/// What a client's socket sends: an event of Socket.IO by its name, a frame by its `type`.
public struct Action: Sendable {
  /// Its name.
  public let name: String
  /// Who may; ``Access/open`` ones are how a session with ``Credential/isProvenLater`` begins.
  public let access: Access
  /// What counts it.
  public let rate: Rate
  /// Whether it may be left undone when many wait: clients say some things once for each of their contacts.
  public let mayBeLost: Bool
  /// What is done; what it gives is sent to this socket.
  public let act: @Sendable (Ask) async throws -> [Words]

  /// A row.
  public static func on(
    _ name: String, _ access: Access = .signedIn, _ rate: Rate = .none, mayBeLost: Bool = false,
    _ act: @escaping @Sendable (Ask) async throws -> [Words]
  ) -> Action { Action(name: name, access: access, rate: rate, mayBeLost: mayBeLost, act: act) }

  /// A row that nothing is said to.
  public static func quiet(
    _ name: String, _ access: Access = .signedIn, _ rate: Rate = .none, mayBeLost: Bool = false,
    _ act: @escaping @Sendable (Ask) async throws -> Void
  ) -> Action {
    on(name, access, rate, mayBeLost: mayBeLost) { ask in
      try await act(ask)
      return []
    }
  }
}

/// Who may.
public enum Access: Sendable, Hashable {
  /// Anyone.
  case open
  /// Anyone; who brings a good credential is known (``Ask/isKnown``).
  case recognised
  /// Who brings a good credential.
  case signedIn
}

/// What counts a row; the same buckets as those of our own wires. Who is nobody is counted by his address.
public enum Rate: Sendable, Hashable, CaseIterable {
  /// Nothing.
  case none
  /// Reading, by user.
  case read
  /// Changing, by user.
  case write
  /// Sending, by user.
  case send
  /// Searching over all users, by user.
  case search
  /// Making accounts, by address.
  case register
}
