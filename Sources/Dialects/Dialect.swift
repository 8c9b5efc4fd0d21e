import ChatCore

/// One foreign wire format over the same core, as rows: no state, no input or output, no rule of its own.
///
/// The order of its parts is the order in which a dialect is read: ``name``, ``carrier``, ``credential``,
/// ``hasRooms``, ``ids``, ``times``, ``options``, ``routes``, ``actions``, ``announce``, ``refuse``, ``deviations``.
/// Where it is mounted is configuration; see "How to write a dialect".
public struct Dialect: Sendable {
  /// The metrics' label, the last part of the prefix, and the folder: `umoc-session`.
  public let name: String
  /// What its sockets speak.
  public let carrier: Carrier
  /// How its clients say who they are.
  public let credential: Credential
  /// Whether clients enter and leave rooms: who comes in by a socket is then a member of the `Lobby`, the room for
  /// everybody, and who comes back is inside the rooms that he had entered.
  public let hasRooms: Bool
  /// How its ids look.
  public let ids: IDForm
  /// How its times look.
  public let times: TimeForm
  /// What whoever mounts it may choose.
  public let options: [Option]
  /// Its objects, where they are written by ``Form``s.
  public let forms: Forms
  /// Its requests.
  public let routes: [Route]
  /// What its clients' sockets send.
  public let actions: [Action]
  /// What its clients' sockets are told of what has happened; run once an event, whoever hears it.
  public let announce: @Sendable (Happening, Voice) -> [Announcement]
  /// How it says no.
  public let refuse: Refusals
  /// What of the old server is not reproduced, and why; for the reader.
  public let deviations: [String]

  /// Collects the parts.
  public init(
    name: String, carrier: Carrier, credential: Credential, hasRooms: Bool = false, ids: IDForm, times: TimeForm,
    options: [Option] = [], forms: Forms = Forms(), routes: [Route], actions: [Action] = [],
    announce: @escaping @Sendable (Happening, Voice) -> [Announcement] = { _, _ in [] }, refuse: Refusals,
    deviations: [String]
  ) {
    self.name = name
    self.carrier = carrier
    self.credential = credential
    self.hasRooms = hasRooms
    self.ids = ids
    self.times = times
    let isOwn = options.contains { $0.name == Option.passwordMinimum.name }
    self.options = isOwn ? options : options + [.passwordMinimum]
    self.forms = forms
    self.routes = routes
    self.actions = actions
    self.announce = announce
    self.refuse = refuse
    self.deviations = deviations
  }
}

/// What a dialect's sockets speak.
public enum Carrier: Sendable, Hashable {
  /// Socket.IO 5 over Engine.IO 4 below `PREFIX/socket.io/`.
  case socketIO
  /// A WebSocket at `PREFIX/`; each text frame is an object whose `type` names it.
  case typedJSON
}

/// Something that whoever mounts a dialect may choose.
public struct Option: Sendable, Hashable {
  /// As it is written in the settings: `case`.
  public let name: String
  /// What it may be; empty for any whole number.
  public let choices: [String]
  /// What it is when nobody chooses.
  public let standard: String

  /// An option by its parts.
  public init(_ name: String, _ choices: [String], standard: String) {
    self.name = name
    self.choices = choices
    self.standard = standard
  }

  /// Bytes of a new password: every dialect has it, since the old servers asked for none or few, and their users' PINs
  /// and passwords have to go on. A dialect whose server asked for some declares it with that standard. Our own wire
  /// asks for `Limits.passwordBytesMin`.
  static let passwordMinimum = Option("password_min", [], standard: "1")

  /// The largest number that an option without choices takes: no password is longer, so none could be registered.
  public static let numberMax = Limits().passwordBytesMax

  /// Whether a value may stand in the settings.
  public func allows(_ value: String) -> Bool {
    choices.isEmpty ? Int(value).map { (1...Option.numberMax).contains($0) } ?? false : choices.contains(value)
  }
}
