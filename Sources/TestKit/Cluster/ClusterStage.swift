import Client
import HTTP1
import IORuntime
import JSONText

/// People on a running cluster, and what is known of them afterwards.
///
/// - Shape: `try await ClusterStage.play(on: cluster) { stage in … }`; all of the body runs on the stage's own loop.
/// - Isolation: one loop.
public final class ClusterStage: @unchecked Sendable {
  /// The cluster.
  public let cluster: LocalCluster
  /// The loop that all clients are on.
  public let loop: EventLoop
  /// What happens.
  public let recorder = Recorder()
  /// A client of each API node.
  public let api: [RESTClient]
  /// Who is on the stage.
  public private(set) var clients: [ChatClient] = []
  /// The conversations of ``open(title:members:)``, with their members.
  public private(set) var conversations: [Int64: [Account]] = [:]
  private let scene: String
  private let doors: [SocketAddress]

  private init(_ cluster: LocalCluster, _ edge: EdgeProcess?, _ loop: EventLoop) {
    self.cluster = cluster
    self.loop = loop
    scene = String(UInt32.random(in: 0 ... .max), radix: 36)
    api = (edge.map { [$0.address] } ?? cluster.api.map(\.address)).map { RESTClient(loop: loop, address: $0) }
    doors = edge.map { [$0.address] } ?? cluster.socket.map(\.address)
  }

  /// Runs a scene on a loop of its own; on an error the nodes' logs are printed. Everybody connects to the nodes
  /// themselves, or through the edge if there is one.
  public static func play(
    on cluster: LocalCluster, through edge: EdgeProcess? = nil,
    _ body: @escaping @Sendable (ClusterStage) async throws -> Void
  ) async throws {
    let loop = try EventLoop(name: "stage")
    try loop.start()
    defer { loop.stop() }
    do {
      try await withTaskExecutorPreference(loop) {
        let stage = ClusterStage(cluster, edge, loop)
        let watch = loop.spawn {
          while !Task.isCancelled {
            stage.recorder.lookAround()
            await loop.sleep(100)
          }
        }
        defer { watch.cancel() }
        try await body(stage)
        for client in stage.clients { await client.goOffline() }
      }
    } catch {
      print(cluster.logTails())
      throw error
    }
  }

  // MARK: People and places

  /// Registers somebody; the name is made unique on the cluster.
  public func account(_ name: String) async throws(CallFailure) -> Account {
    try await Account.open("\(name)-\(scene)", at: api[0])
  }

  /// A device of somebody, whose first door is the socket node of that number.
  public func client(
    _ account: Account, at first: Int = 0, by transport: SocketIOSocket.Transport? = nil
  ) -> ChatClient {
    let order = doors.indices.map { doors[($0 + first) % doors.count] }
    let client = ChatClient(account, doors: order, by: transport, loop: loop, recorder: recorder)
    clients.append(client)
    return client
  }

  /// Opens a group of the first of them.
  public func open(title: String, members: [Account]) async throws(CallFailure) -> Int64 {
    let body: JSONValue = [
      "kind": "group", "title": .string(title), "members": .array(members.dropFirst().map { .integer($0.user) }),
    ]
    let conversation = try await api[0].done(.post, "/v1/conversations", body, token: members[0].token)
    guard let id = conversation["id"]?.integer else { throw CallFailure("no conversation: \(conversation.text)") }
    conversations[id] = members
    return id
  }

  // MARK: What is true afterwards

  /// Microseconds between two moments, without what the test waited for a core.
  public func took(from begin: Moment, to end: Moment) -> Moment {
    recorder.lookAround()
    return end == .max ? .max : end - begin - recorder.history.starved(from: begin, to: end)
  }

  /// Waits until every live client has everything that is stored; false when that takes longer than so many
  /// milliseconds from when it has been read.
  public func converge(within milliseconds: Int64) async throws -> Bool {
    var heads: [Int64: Int64] = [:]
    for conversation in conversations.keys { heads[conversation] = try await log(of: conversation).last?.seq ?? 0 }
    return await Stopwatch.wait(milliseconds) {
      clients.allSatisfy { client in
        conversations.allSatisfy { conversation, members in
          let isMember = members.contains { $0.user == client.account.user }
          return !isMember || (client.isLive && client.heads[conversation] ?? 0 >= heads[conversation] ?? 0)
        }
      }
    }
  }

  /// What is stored, read as a member, and the memberships of all members for all time.
  public func finalState() async throws -> FinalState {
    var state = FinalState()
    for (conversation, members) in conversations {
      state.logs[conversation] = try await log(of: conversation)
      state.memberships += members.map { .init(user: $0.user, conversation: conversation) }
    }
    for client in clients where state.logs[client.account.ownConversation] == nil {
      let own = client.account.ownConversation
      state.logs[own] = try await log(of: own, as: client.account)
      state.memberships.append(.init(user: client.account.user, conversation: own))
    }
    return state
  }

  /// The stored entries of a conversation, as its first member reads them.
  public func log(of conversation: Int64, as reader: Account? = nil) async throws -> [FinalState.Entry] {
    guard let reader = reader ?? conversations[conversation]?.first else { throw CallFailure("nobody reads that") }
    var log: [FinalState.Entry] = []
    while true {
      let path = "/v1/conversations/\(conversation)/entries?after=\(log.last?.seq ?? 0)&limit=100"
      let page = try await patiently { () async throws(CallFailure) in
        try await self.api[Int(log.count / 100) % self.api.count].done(.get, path, token: reader.token)
      }
      let entries = page["entries"]?.array ?? []
      log += entries.map(ClusterStage.entry)
      guard page["has_more"]?.bool == true, !entries.isEmpty else { return log }
    }
  }

  private static func entry(_ value: JSONValue) -> FinalState.Entry {
    let data = value["d"]
    guard value["t"]?.string == "message.created" else { return .init(seq: value["seq"]?.integer ?? 0) }
    return .init(
      seq: value["seq"]?.integer ?? 0, message: data?["id"]?.integer ?? 0,
      sender: data?["sender"]?["id"]?.integer ?? 0, clientID: data?["client_message_id"]?.string)
  }

  /// Repeats what fails for up to five seconds: a cluster that heals is asked again.
  private func patiently<Value>(_ body: () async throws(CallFailure) -> Value) async throws -> Value {
    let end = Stopwatch.now + 5_000_000
    while true {
      do throws(CallFailure) {
        return try await body()
      } catch {
        guard Stopwatch.now < end else { throw error }
        await loop.sleep(100)
      }
    }
  }

  /// The history with its judgement.
  public func check() async throws -> HistoryCheck { HistoryCheck(recorder.history, try await finalState()) }
}
