import API
import ChatCore
import HTTP1
import JSONText
import MemoryAdapters
import Synchronization
import TestKit
import Testing

/// REST as a client meets it, on a stage in memory; every answer is held against the catalog before a test sees it.
struct Door {
  let stage: Stage
  let rows: [Endpoint]
  let limiter = CountingLimiter()
  private let service: Service
  private let records = Records()
  /// The statuses that the OpenAPI document names, by operation.
  private let documented: [String: Set<Int>]

  static let keys: JSONValue = ["keys": [["kty": "OKP", "kid": "k1"]]]
  static let asyncAPI: JSONValue = [
    "asyncapi": "3.0.0", "info": [:], "defaultContentType": "application/json", "servers": [:], "channels": [:],
    "operations": [:], "components": [:],
  ]

  static func open(
    limits: Limits = Limits(), policies: [RateClass: RatePolicy] = [:],
    origins: CrossOriginPolicy.Origins = .listed(["https://good.example"]),
    presence: any PresenceDirectory = NoPresence()
  ) async throws -> Door {
    try Door(stage: await Stage.set(limits: limits, presence: presence), limits, policies, origins)
  }

  private init(
    stage: Stage, _ limits: Limits, _ policies: [RateClass: RatePolicy], _ origins: CrossOriginPolicy.Origins
  ) throws {
    self.stage = stage
    rows = Catalog.endpoints(limits, version: "1.2.3", asyncAPI: Door.asyncAPI.bytes) { Door.keys }
    documented = try Door.documented(rows)
    service = Service(
      chat: stage.chat, endpoints: rows, authenticator: StageAuthenticator(stage: stage),
      gate: RateGate(limiter: limiter, policies: policies), crossOrigin: CrossOriginPolicy(origins: origins),
      now: { [clock = stage.clock] in clock.now.milliseconds },
      record: { [records] in records.add($0) })
  }

  /// The token of one of the cast.
  func token(_ caller: Caller) -> String { "access.\(caller.user.rawValue).\(caller.session.rawValue)" }

  /// Sends JSON, or nothing.
  func send(
    _ method: HTTP1.Method, _ target: String, _ body: JSONValue? = nil, as caller: Caller? = nil,
    headers: HeaderFields = [:], sourceLocation: SourceLocation = #_sourceLocation
  ) async -> Reply {
    var fields = headers
    if body != nil { fields.append("Content-Type", "application/json") }
    if let caller { fields.append("Authorization", "Bearer " + token(caller)) }
    return await send(
      raw: body?.bytes ?? [], method, target, headers: fields, sourceLocation: sourceLocation)
  }

  /// Sends bytes with exactly these header fields.
  func send(
    raw body: [UInt8], _ method: HTTP1.Method, _ target: String, headers: HeaderFields, peer: String = "192.0.2.1",
    sourceLocation: SourceLocation = #_sourceLocation
  ) async -> Reply {
    let request = Request(
      head: RequestHead(method: method, target: target, headers: headers), body: body, peer: peer)
    var response = await service.respond(to: request)
    if let stream = response.stream, method != .head {
      while let piece = await stream.next() { response.body += piece }
      #expect(response.body.count == stream.length, "the length of the stream", sourceLocation: sourceLocation)
    }
    let reply = Reply(response, records.record(of: response.headers["x-request-id"]))
    hold(reply, "\(method) \(target)", sourceLocation)
    return reply
  }

  // MARK: What every answer keeps

  private func hold(_ reply: Reply, _ what: Comment, _ place: SourceLocation) {
    #expect(reply.headers.values(for: "x-request-id").count == 1, what, sourceLocation: place)
    #expect(reply.headers["x-content-type-options"] == "nosniff", what, sourceLocation: place)
    #expect(reply.headers.values(for: "cache-control").count == 1, what, sourceLocation: place)
    #expect(reply.record?.status == reply.status, what, sourceLocation: place)
    #expect(reply.record?.requestID == reply.headers["x-request-id"], what, sourceLocation: place)
    if reply.status >= 400 { holdProblem(reply, what, place) } else { holdSuccess(reply, what, place) }
    guard let route = reply.record?.route, route != "unknown" else { return }
    #expect(
      documented[route]?.contains(reply.status) == true, "\(what): \(route) does not document \(reply.status)",
      sourceLocation: place)
  }

  private func holdSuccess(_ reply: Reply, _ what: Comment, _ place: SourceLocation) {
    guard let row = rows.first(where: { $0.name == reply.record?.route }) else { return }
    let answer = row.answers.first { $0.status == reply.status }
    #expect(answer != nil, what, sourceLocation: place)
    if answer?.isFile == true { return }
    guard let shape = answer?.shape else {
      #expect(reply.body.isEmpty, what, sourceLocation: place)
      return
    }
    #expect(reply.headers["content-type"] == "application/json; charset=utf-8", what, sourceLocation: place)
    expectShape(shape, reply, what, place)
  }

  private func holdProblem(_ reply: Reply, _ what: Comment, _ place: SourceLocation) {
    #expect(reply.headers["content-type"] == "application/problem+json", what, sourceLocation: place)
    expectShape(Schema.problem, reply, what, place)
    #expect(reply.json["status"]?.integer == Int64(reply.status), what, sourceLocation: place)
    #expect(reply.json["request_id"]?.string == reply.headers["x-request-id"], what, sourceLocation: place)
    #expect(
      reply.json["type"]?.string == "urn:martlet:problem:" + (reply.code ?? ""), what, sourceLocation: place)
    #expect(Schema.codes.contains(reply.code ?? ""), "\(what): \(reply.code ?? "")", sourceLocation: place)
    for fault in reply.faults {
      #expect(Schema.faultCodes.contains(fault.code), "\(what): \(fault)", sourceLocation: place)
    }
    #expect(reply.headers.contains("www-authenticate") == (reply.status == 401), what, sourceLocation: place)
    let comesBack = reply.status == 429 || reply.status == 503
    #expect(reply.headers.contains("retry-after") == comesBack, what, sourceLocation: place)
  }

  private func expectShape(_ shape: Shape, _ reply: Reply, _ what: Comment, _ place: SourceLocation) {
    do throws(ShapeErrors) {
      _ = try shape.read(reply.json)
    } catch {
      Issue.record("\(what): not a \(shape.name): \(error.faults)", sourceLocation: place)
    }
  }

  private static func documented(_ rows: [Endpoint]) throws -> [String: Set<Int>] {
    let document = try JSONValue(parsing: Schema.openAPI(rows))
    var statuses: [String: Set<Int>] = [:]
    for path in document["paths"]?.object?.entries ?? [] {
      for operation in path.value.object?.entries ?? [] {
        guard let name = operation.value["operationId"]?.string else { continue }
        statuses[name] = Set((operation.value["responses"]?.object?.names ?? []).compactMap { Int($0) })
      }
    }
    return statuses
  }
}

/// An answer as a client reads it.
struct Reply {
  let status: Int
  let headers: HeaderFields
  let body: [UInt8]
  let json: JSONValue
  let record: AccessRecord?

  init(_ response: Response, _ record: AccessRecord?) {
    status = response.status.code
    headers = response.headers
    body = response.body
    json = (try? JSONValue(parsing: response.body)) ?? .null
    self.record = record
  }

  /// A problem's code.
  var code: String? { json["code"]?.string }

  /// A problem's faults.
  var faults: [(pointer: String, code: String)] {
    (json["errors"]?.array ?? []).map { ($0["pointer"]?.string ?? "?", $0["code"]?.string ?? "?") }
  }

  /// `400 invalid_request /text too_long`: what a refusal says, in short.
  var summary: String {
    (["\(status)", code ?? "-"] + faults.map { "\($0.pointer) \($0.code)" }).joined(separator: " ")
  }

  subscript(name: String) -> JSONValue? { json[name] }

  func id(_ name: String = "id") -> Int64 { json[name]?.integer ?? 0 }

  /// A member of each element of a list.
  func each(_ plural: String, _ name: String) -> [JSONValue?] { (json[plural]?.array ?? []).map { $0[name] } }
}

/// What the service recorded.
final class Records: Sendable {
  private let all = Mutex<[AccessRecord]>([])
  /// By its id, since requests may be under way side by side.
  func record(of id: String?) -> AccessRecord? { all.withLock { $0.last { $0.requestID == id } } }
  func add(_ record: AccessRecord) { all.withLock { $0.append(record) } }
}
