import EngineIO
import HTTP1
import IORuntime
import Serving
import WebSocket

/// What a door of Engine.IO lets in, and how.
public struct EngineDoorSettings: Sendable {
  /// The times and sizes.
  public var limits: EngineLimits
  /// The revisions that are spoken.
  public var versions: Set<EngineVersion>
  /// Whose pages may come.
  public var crossOrigin: CrossOriginPolicy
  /// The name of what is served here: a session is found by the doors of its mount alone.
  public var mount: String
  /// Whether a request that names no transport is taken for a poll, as some old servers do.
  public var assumesPolling: Bool

  /// Settings by their parts; revision 4 alone by default.
  public init(
    limits: EngineLimits = EngineLimits(), versions: Set<EngineVersion> = [.v4],
    crossOrigin: CrossOriginPolicy = CrossOriginPolicy(origins: .listed([])),
    mount: String = "", assumesPolling: Bool = false
  ) {
    self.limits = limits
    self.versions = versions
    self.crossOrigin = crossOrigin
    self.mount = mount
    self.assumesPolling = assumesPolling
  }
}

/// The address where sessions of Engine.IO begin and where their requests come, on one loop.
///
/// Sessions that were opened on another loop of the process are found by the directory and spoken to on their own loop.
///
/// - Isolation: its loop.
public final class EngineDoor: Sendable {
  private let loop: EventLoop
  private let directory: EngineDirectory
  private let settings: EngineDoorSettings
  private let tally: EngineTally
  private let peers: (any EnginePeers)?
  private let open: @Sendable (EngineSession, Request) -> any EngineListener

  /// A door; `open` is called once for each session, on its loop, and gives the one who listens to it. The tally counts
  /// the sessions that begin here.
  ///
  /// - Parameter peers: whom requests for other nodes' sessions are passed on to; nil when there is nobody else.
  public init(
    loop: EventLoop, directory: EngineDirectory, settings: EngineDoorSettings, tally: EngineTally = EngineTally(),
    peers: (any EnginePeers)? = nil,
    open: @escaping @Sendable (EngineSession, Request) -> any EngineListener
  ) {
    self.loop = loop
    self.directory = directory
    self.settings = settings
    self.tally = tally
    self.peers = peers
    self.open = open
  }

  /// Bytes that the body of a request may have.
  public var bodyBytesMax: Int { settings.limits.maxPayload }

  /// Whether a session of the process is open, of this door or another.
  public var hasSessions: Bool { directory.count > 0 }

  /// Whether a request is a poll, whose session ends when its client does not wait for the answer.
  public static func endsWithClient(_ head: RequestHead) -> Bool { head.method == .get }

  // MARK: HTTP

  /// Answers a request that is no WebSocket.
  public func respond(to request: Request) async -> Response {
    if CrossOriginPolicy.isPreflight(request.head) { return settings.crossOrigin.preflightAnswer(to: request.head) }
    var response = await answer(request)
    settings.crossOrigin.apply(to: &response, origin: request.headers["origin"])
    // Each answer is for one request of one session.
    response.headers.append("Cache-Control", "no-store")
    return response
  }

  /// Words what the server refuses before the door sees it, a body that is too large above all, so that a page may read
  /// it.
  public func answer(to refusal: Refusal, head: RequestHead?) -> Response {
    var response = Response(refusal)
    settings.crossOrigin.apply(to: &response, origin: head?.headers["origin"])
    return response
  }

  /// Answers a request that another node has passed on: only for a session that is here, and never passed on again.
  public func respond(toForwarded request: Request) async -> Response { await answer(request, isForwarded: true) }

  private func answer(_ request: Request, isForwarded: Bool = false) async -> Response {
    do {
      let wanted = try wish(request)
      switch wanted.wish {
      case .poll(let sid), .post(let sid):
        if !isForwarded, let (owner, peers) = owner(of: sid) { return try await forward(request, to: owner, peers) }
        let session = try find(sid, wanted)
        if case .poll = wanted.wish { return try await poll(session, wanted.stamp) }
        return try await post(session, request.body, wanted.stamp)
      case .open where !isForwarded: return try openByPolling(request, wanted)
      case .open, .openSocket, .probe: throw EngineRefusal.badRequest
      }
    } catch let refusal as EngineRefusal {
      return Response(refusal)
    } catch {
      return Response(.unavailable, text: "There are too many sessions here.\n")
    }
  }

  private struct Full: Error {}

  private func wish(_ request: Request) throws(EngineRefusal) -> EngineRequest {
    guard settings.crossOrigin.allowsSocket(request.head) else { throw .forbidden }
    guard let query = try? Query(request.head.query), query.repeatedName == nil else { throw .badRequest }
    return try EngineRequest(
      method: request.method.rawValue, asksUpgrade: request.head.asksUpgrade(to: "websocket"),
      versions: settings.versions, assumesPolling: settings.assumesPolling
    ) { query[$0] }
  }

  private func find(_ sid: String, _ wanted: EngineRequest) throws(EngineRefusal) -> EngineSession {
    guard let session = directory.session(sid), session.mount == settings.mount else { throw .unknownSession }
    guard session.version == wanted.version else { throw .badRequest }
    return session
  }

  /// The other node that an id names, when there may be any.
  private func owner(of sid: String) -> (String, any EnginePeers)? {
    guard let peers, let node = EngineDirectory.node(of: sid), node != directory.node else { return nil }
    return (node, peers)
  }

  private func forward(
    _ request: Request, to owner: String, _ peers: any EnginePeers
  ) async throws(EngineRefusal) -> Response {
    let deadline = settings.limits.pingInterval + settings.limits.pingTimeout
    guard let response = await peers.forward(request, to: owner, deadline: deadline) else { throw .unknownSession }
    return response
  }

  private func openByPolling(_ request: Request, _ wanted: EngineRequest) throws -> Response {
    guard let session = makeSession(wanted, request, isSocket: false) else { throw Full() }
    session.begin(open(session, request))
    let terms = EngineTerms(sid: session.id, offersUpgrade: true, limits: settings.limits)
    return Response(EnginePayload([terms.packet], version: wanted.version))
  }

  private func makeSession(_ wanted: EngineRequest, _ request: Request, isSocket: Bool) -> EngineSession? {
    let session = EngineSession(
      directory: directory, loop: loop, mount: settings.mount, version: wanted.version, takesBytes: wanted.takesBytes,
      isSocket: isSocket, limits: settings.limits, tally: tally, from: request.peer)
    return directory.add(session) ? session : nil
  }

  private func poll(_ session: EngineSession, _ stamp: String?) async throws(EngineRefusal) -> Response {
    let poll = PendingPoll()
    let answer = await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        on(session) {
          poll.wait(continuation)
          $0.pollArrived(poll, stamp: stamp)
        }
      }
    } onCancel: {
      on(session) { $0.pollLost(poll) }
    }
    switch answer {
    case .packets(let payload): return Response(payload)
    case .refused(let refusal): throw refusal
    }
  }

  private func post(
    _ session: EngineSession, _ body: [UInt8], _ stamp: String?
  ) async throws(EngineRefusal) -> Response {
    let mark = BodyMark(stamp: stamp, body: body)
    let packets = Result { () throws(PacketError) in try EnginePayload.packets(of: body, version: session.version) }
    let refusal = await withUnsafeContinuation { continuation in
      on(session) { continuation.resume(returning: $0.postArrived(packets, mark: mark)) }
    }
    if let refusal { throw refusal }
    return Response(.ok, text: "ok")
  }

  private func on(_ session: EngineSession, _ body: @escaping @Sendable (EngineSession) -> Void) {
    if session.loop.inLoop { return body(session) }
    session.loop.execute { body(session) }
  }

  // MARK: WebSocket

  /// Answers a request for a WebSocket.
  public func upgrade(_ request: Request) -> UpgradeAnswer { upgrade(request, isForwarded: false) }

  /// Answers a request for a WebSocket that another node has passed on, as ``respond(toForwarded:)`` does.
  public func upgrade(forwarded request: Request) -> UpgradeAnswer { upgrade(request, isForwarded: true) }

  private func upgrade(_ request: Request, isForwarded: Bool) -> UpgradeAnswer {
    do {
      let wanted = try wish(request)
      let agreement = try Handshake.agree(request.head)
      switch wanted.wish {
      case .probe(let sid):
        if !isForwarded, let (owner, peers) = owner(of: sid) {
          return peers.tunnel(request, to: owner, unknown: Response(EngineRefusal.unknownSession))
        }
        return try probe(try find(sid, wanted), agreement, request, wanted)
      case .openSocket where !isForwarded: return try openBySocket(agreement, request, wanted)
      case .openSocket, .open, .poll, .post: throw EngineRefusal.badRequest
      }
    } catch let refusal as EngineRefusal {
      return .refuse(Response(refusal))
    } catch let refusal as Handshake.Refusal {
      return .refuse(Response(refusal))
    } catch {
      return .refuse(Response(.unavailable, text: "There are too many sessions here.\n"))
    }
  }

  private var messageLimits: MessageLimits { MessageLimits(messageBytesMax: settings.limits.maxPayload) }

  private func openBySocket(
    _ agreement: Handshake.Agreement, _ request: Request, _ wanted: EngineRequest
  ) throws -> UpgradeAnswer {
    guard let session = makeSession(wanted, request, isSocket: true) else { throw Full() }
    return .accept(agreement, limits: messageLimits) { [open] connection in
      let socket = EngineSocket(connection, session, version: wanted.version)
      socket.holdBack()
      session.opened(by: socket)
      session.begin(open(session, request))
      return socket
    }
  }

  private func probe(
    _ session: EngineSession, _ agreement: Handshake.Agreement, _ request: Request, _ wanted: EngineRequest
  ) throws -> UpgradeAnswer {
    let isHere = session.loop.inLoop
    if isHere, let refusal = session.probeArrived() { throw refusal }
    return .accept(agreement, limits: messageLimits) { connection in
      let socket = EngineSocket(connection, session, version: wanted.version)
      if isHere {
        session.probing(by: socket, request)
      } else {
        // What this socket brings is handed over after this, and so finds it known.
        session.loop.execute {
          guard session.probeArrived() == nil else { return socket.close(.policyViolation) }
          session.probing(by: socket, request)
        }
      }
      return socket
    }
  }
}

extension Response {
  init(_ refusal: EngineRefusal) {
    self.init(.badRequest, headers: ["Content-Type": "application/json"], body: refusal.json)
  }

  /// The packets have left their queue, which bounds them, and would be lost by a refusal.
  init(_ payload: EnginePayload) {
    let type = payload.isBinary ? "application/octet-stream" : "text/plain; charset=UTF-8"
    self.init(.ok, headers: ["Content-Type": type], body: payload.bytes)
    hold = BodyHold()
  }
}
