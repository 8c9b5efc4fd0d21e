import JSONText

/// The users and conversations of a run: made once, kept in a file, used again.
///
/// Registering and signing in cost the target a password's hash each, 26 ms; renewing a token costs none.
struct Population: Sendable {
  /// One user.
  struct User: Sendable {
    /// What he signs in with.
    let name: String
    /// His id.
    var id: Int64 = 0
    /// What the sockets show.
    var access = ""
    /// What brings a new one.
    var refresh = ""
  }

  /// The password of them all: random, of this population only.
  let password: String
  /// The users.
  var users: [User]
  /// The ids of the conversations, in the scenario's order.
  var conversations: [Int64]

  /// Names and a password for so many.
  init(users count: Int) {
    let mark = Population.letters(8)
    password = "bench " + Population.letters(24)
    users = (0..<count).map { User(name: "bench-\(mark)-\($0)") }
    conversations = []
  }

  /// So many random letters.
  static func letters(_ count: Int) -> String {
    String((0..<count).map { _ in Character(Unicode.Scalar(UInt8.random(in: 97...122))) })
  }

  /// For the file; it has secrets, so the file is its owner's only.
  var json: JSONValue {
    [
      "password": .string(password),
      "users": .array(users.map { ["name": .string($0.name), "id": .integer($0.id), "refresh": .string($0.refresh)] }),
      "conversations": .array(conversations.map { .integer($0) }),
    ]
  }

  /// Reads what ``json`` has written; nothing when it is not whole.
  init?(_ json: JSONValue?) {
    guard let password = json?["password"]?.string, let users = json?["users"]?.array,
      let conversations = json?["conversations"]?.array
    else { return nil }
    self.password = password
    self.users = users.compactMap { user in
      guard let name = user["name"]?.string, let id = user["id"]?.integer else { return nil }
      return User(name: name, id: id, refresh: user["refresh"]?.string ?? "")
    }
    self.conversations = conversations.compactMap(\.integer)
    guard self.users.count == users.count, self.conversations.count == conversations.count else { return nil }
  }
}
