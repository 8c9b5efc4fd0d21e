import Client
import HTTP1
import IORuntime
import JSONText

/// What people do besides writing: typing, reading, paging, looking who is there, losing the connection.
///
/// - Isolation: the crew's loop.
/// - Limits: ``requestsMax`` REST requests of a worker at a time; past it they are counted as `overrun`.
final class Habits: @unchecked Sendable {
  /// Twice what a loop of a node takes at once from one user's socket.
  static let requestsMax = 128

  private let crew: Crew
  private let clients: [HTTPClient]
  private var isOver = false
  private var begun: Int64 = 0
  private var done: [Double] = []
  private var requests = 0
  private var turn = 0

  init(_ crew: Crew) {
    self.crew = crew
    clients = crew.order.rest.map {
      HTTPClient(loop: crew.loop, address: $0.address, host: $0.authority, tls: $0.isSecure ? crew.tls : nil)
    }
  }

  func start() {
    guard !crew.order.scenario.habits.isEmpty else { return }
    begun = Clock.nanoseconds()
    done = crew.order.scenario.habits.map { _ in 0 }
    tick()
  }

  func stop() {
    isOver = true
    for client in clients { client.close() }
  }

  private func tick() {
    guard !isOver else { return }
    let passed = Double(Clock.nanoseconds() - begun) / 1_000_000_000
    for (place, habit) in crew.order.scenario.habits.enumerated() {
      let wanted = passed * habit.perSecond / Double(crew.order.workers)
      while done[place] + 1 <= wanted {
        done[place] += 1
        perform(habit.action)
      }
    }
    crew.loop.schedule(after: 5) { [weak self] in self?.tick() }
  }

  private func perform(_ action: Scenario.Action) {
    guard let seat = someone() else { return crew.tally.count("undone: nobody there") }
    crew.tally.count("done \(action.rawValue)")
    let place = crew.order.followed[seat.user].first
    let conversation = place.map { crew.order.conversations[$0] }
    switch action {
    case .reconnect: seat.cut()
    case .typing:
      guard let conversation else { return }
      crew.operate("typing", ["conversation": .integer(conversation)], by: seat)
    case .read:
      guard let conversation, let head = crew.oracle.head(of: seat.slot), head > 0 else { return }
      crew.operate("read", ["conversation": .integer(conversation), "seq": .integer(head)], by: seat)
    case .history:
      guard let conversation else { return }
      request("history", "/v1/conversations/\(conversation)/messages?limit=50", as: seat.user)
    case .presence:
      guard let next = crew.peers(of: seat, 1).first else { return }
      request("presence", "/v1/presence?users=\(next)", as: seat.user)
    }
  }

  private func someone() -> Seat? {
    for _ in 0..<16 where !crew.seats.isEmpty {
      let seat = crew.seats[Int.random(in: crew.seats.indices, using: &crew.random)]
      if seat.state == .ready { return seat }
    }
    return nil
  }

  private func request(_ name: String, _ path: String, as user: Int) {
    guard requests < Self.requestsMax else { return crew.tally.count("overrun \(name)") }
    requests += 1
    turn &+= 1
    let (client, token, begun) = (clients[turn % clients.count], crew.tokens[user], Clock.nanoseconds())
    crew.loop.spawn { [self] in
      do throws(CallFailure) {
        let reply = try await client.call(.get, path, headers: ["Authorization": "Bearer \(token)"])
        crew.tally.time(name, (Clock.nanoseconds() - begun) / 1_000)
        if reply.status != 200 { crew.tally.count("refused \(name) \(reply.status)") }
      } catch {
        if !isOver { crew.tally.count("failed \(name)") }
      }
      requests -= 1
    }
  }
}
