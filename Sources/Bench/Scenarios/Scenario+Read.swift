import JSONText

extension Scenario {
  /// Why a scenario cannot be run, in one sentence.
  struct Wrong: Error, Sendable, Equatable {
    /// The sentence.
    let sentence: String
  }

  /// The members of a scenario's file; what is not here is refused.
  static let shape = Shape(
    "Scenario",
    [
      .string("name", .required, bytes: 1...64, pattern: name, "The file's name without its ending."),
      .string("title", .required, bytes: 1...200, pattern: .line, "One line for a report."),
      .array(
        "wires", .required, of: .oneOf(Wire.allCases.map(\.rawValue)), count: 1...Wire.allCases.count,
        "What it can be driven by; the first if nobody chooses."),
      .object("peer", .optional, peer, "How a foreign server calls things."),
      .integer("connections", .required, 1...connectionsMax, "Sockets in all."),
      .integer("users", .optional, 1...usersMax, "Users in all; as many as connections, at most 1,000, if left out."),
      .object("conversations", .required, conversations, "Who talks with whom."),
      .integer("connect_in_flight", .optional, 1...10_000, standard: 100, "Connections being made at once."),
      .integer("watch", .optional, 0...100, standard: 0, "Users that each connection watches for presence."),
      .object("load", .optional, load, "How messages are sent; none are if left out."),
      .array("mix", .optional, of: .object(habit), count: 0...Action.allCases.count, "What is done besides."),
      .object("storm", .optional, storm, "Many lose their connections at once."),
      .number("settle_s", .optional, 0...60, "Seconds from the last connection to the look at it idle; 2 if left out."),
      .number("warm_s", .required, 0...600, "Seconds of load before measuring."),
      .number("measure_s", .required, 1...86_400, "Seconds of measuring."),
      .number("drain_s", .required, 1...600, "Seconds that the last deliveries may take."),
      .integer("text_bytes", .optional, 64...16_384, standard: 100, "Bytes of a message's text."),
    ])

  /// Connections: ten machines' worth of ports, so that a typing error does not fill the memory.
  static let connectionsMax: Int64 = 500_000
  /// Seconds in which an idle target has given its freed memory back.
  private static let settleStandard = 2.0
  /// Users: each costs the target two hashes of a password, 50 ms.
  static let usersMax: Int64 = 100_000

  private static let name = TextPattern(
    first: "a-z", rest: "a-z0-9-", saying: "lower-case letters, digits and -, a letter first")

  private static let peer = Shape(
    "Peer",
    [
      .string("join", .optional, bytes: 1...64, pattern: event, "Enters a room, with its name."),
      .string("send", .optional, bytes: 1...64, pattern: event, "Says a text."),
      .string("message", .optional, bytes: 1...64, pattern: event, "Brings a text."),
      .string("domain", .optional, bytes: 1...253, pattern: domain, "An XMPP server's, with its rooms at conference."),
    ])

  private static let event = TextPattern(
    first: "A-Za-z", rest: "A-Za-z0-9_.: -", saying: "letters, digits and _.:- or blanks, a letter first")

  private static let domain = TextPattern(
    first: "a-z0-9", rest: "a-z0-9.-", saying: "lower-case letters, digits, - and .")

  private static let conversations = Shape(
    "Conversations", by: "kind",
    [
      .init("none", "Nobody talks.", []),
      .init("rooms", "Public rooms.", [.integer("count", .required, 1...100_000, "How many rooms.")]),
      .init("direct", "Pairs.", [.integer("contacts", .required, 1...50, "Contacts of each user, on each side.")]),
    ])

  private static let load = Shape(
    "Load", by: "loop",
    [
      .init(
        "closed", "The next message waits for an earlier one.",
        [
          .integer("in_flight", .required, 1...10_000, "Messages under way in each conversation."),
          .oneOf(
            "until", .optional, Until.allCases.map(\.rawValue), standard: Until.delivered.rawValue,
            "What the next one waits for."),
        ]),
      .init(
        "open", "Messages are sent when they are due.",
        [.number("per_second", .required, 0.01...1_000_000, "Messages a second over all conversations.")]),
    ])

  private static let habit = Shape(
    "Habit",
    [
      .oneOf("do", .required, Action.allCases.map(\.rawValue), "What."),
      .number("per_second", .required, 0.01...100_000, "How often, over all connections."),
    ])

  private static let storm = Shape(
    "Storm",
    [
      .number("after_s", .required, 0...86_400, "Seconds after measuring has begun."),
      .number("share", .required, 0.01...1, "The share of connections that is lost."),
    ])

  /// Reads a file.
  ///
  /// - Throws: ``Wrong`` that names every member that is wrong.
  init(_ text: [UInt8]) throws(Wrong) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: text)
    } catch {
      throw Wrong(sentence: "The scenario is not JSON. \(error)")
    }
    do throws(ShapeErrors) {
      try self.init(try Self.shape.read(value))
    } catch let error {
      throw Wrong(sentence: "The scenario is wrong: " + error.faults.map(\.detail).joined(separator: " "))
    }
    try check()
  }

  private init(_ members: Members) throws(ShapeErrors) {
    func count(_ name: String) -> Int { Int(members.integer(name) ?? 0) }
    name = members.string("name") ?? ""
    title = members.string("title") ?? ""
    wires = (members.strings("wires") ?? []).compactMap(Wire.init)
    connections = count("connections")
    let events = members.members("peer")
    peer.join = events?.string("join") ?? peer.join
    peer.send = events?.string("send") ?? peer.send
    peer.message = events?.string("message") ?? peer.message
    peer.domain = events?.string("domain") ?? peer.domain
    users = members.integer("users").map { Int($0) } ?? min(count("connections"), 1_000)
    conversations = Self.conversations(members.members("conversations"))
    connectInFlight = count("connect_in_flight")
    watched = count("watch")
    load = members.members("load").map(Self.load)
    habits = (members.list("mix") ?? []).compactMap { habit in
      Action(rawValue: habit.string("do") ?? "").map { Habit(action: $0, perSecond: habit.number("per_second") ?? 0) }
    }
    storm = members.members("storm").map {
      Storm(after: $0.number("after_s") ?? 0, share: $0.number("share") ?? 0)
    }
    settle = members.number("settle_s") ?? Self.settleStandard
    warm = members.number("warm_s") ?? 0
    measure = members.number("measure_s") ?? 0
    drain = members.number("drain_s") ?? 0
    textBytes = count("text_bytes")
  }

  private static func conversations(_ members: Members?) -> Conversations {
    switch members?.string("kind") {
    case "rooms": .rooms(Int(members?.integer("count") ?? 1))
    case "direct": .direct(contacts: Int(members?.integer("contacts") ?? 1))
    default: .none
    }
  }

  private static func load(_ members: Members) -> Load {
    if members.string("loop") == "open" { return .open(perSecond: members.number("per_second") ?? 0) }
    return .closed(
      inFlight: Int(members.integer("in_flight") ?? 1),
      until: Until(rawValue: members.string("until") ?? "") ?? .delivered)
  }

  /// What one member cannot say alone.
  private func check() throws(Wrong) {
    if load != nil, conversationCount == 0 {
      throw Wrong(sentence: "\"load\" needs conversations in which to send: rooms, or direct with 3 users or more.")
    }
    if users > connections {
      throw Wrong(sentence: "\"users\" is more than \"connections\": some would never connect.")
    }
    guard let foreign = wires.first(where: { !$0.isReliable })?.rawValue else { return }
    if !habits.isEmpty || watched > 0 || storm != nil {
      throw Wrong(sentence: "A \(foreign) target knows no \"mix\", \"watch\" or \"storm\".")
    }
    if case .direct = conversations {
      throw Wrong(sentence: "A \(foreign) target knows rooms only, no direct conversations.")
    }
  }
}
