import Client
import HTTP1
import IORuntime
import JSONText
import Serving
import Synchronization
import Testing

/// A collector as small as one can be: an HTTP server on a port of its own that keeps what is posted to it.
final class Collector: HTTPHandler {
  let loop: EventLoop
  let place: ServicePlace
  private let server = Mutex<HTTPServer?>(nil)
  private let bodies = Mutex<[[UInt8]]>([])
  private let statuses = Mutex<[Int]>([])

  /// Answers with these statuses in turn, then always 200.
  init(_ statuses: [Int] = []) async throws {
    let loop = try EventLoop(name: "collector")
    let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    self.loop = loop
    place = try #require(ServicePlace(url: "http://127.0.0.1:\(listener.address.port ?? 0)/otlp/"))
    self.statuses.withLock { $0 = statuses }
    let server = HTTPServer(loop: loop, limits: ServingLimits(), proxies: TrustedProxies(), handler: self)
    self.server.withLock { $0 = server }
    try loop.start()
    try await loop.submit { try server.serve(listener) }
  }

  deinit { loop.stop() }

  var url: String { "http://127.0.0.1:\(place.port)\(place.path)" }

  func respond(to request: Request) async -> Response {
    guard request.method == .post, request.path == "/otlp/v1/traces",
      request.headers["content-type"] == "application/json"
    else { return Response(.notFound, text: "") }
    let status = statuses.withLock { $0.isEmpty ? 200 : $0.removeFirst() }
    if status == 200 { bodies.withLock { $0.append(request.body) } }
    return Response(Status(status), text: "{}")
  }

  /// All that was posted and taken, as text.
  var text: String { bodies.withLock { $0.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n") } }

  /// The requests, each held to the shape that the protocol gives them.
  func requests() throws -> [JSONValue] {
    try bodies.withLock { $0 }.map { body in
      let request = try JSONValue(parsing: body)
      #expect(request.object?.names == ["resourceSpans"])
      return request
    }
  }

  /// All spans.
  func spans() throws -> [JSONValue] {
    try requests().flatMap { request in
      let resources = request["resourceSpans"]?.array ?? []
      #expect(resources.count == 1)
      let scopes = resources.first?["scopeSpans"]?.array ?? []
      #expect(scopes.count == 1 && scopes.first?["scope"]?["name"]?.string == "martlet")
      return scopes.first?["spans"]?.array ?? []
    }
  }

  /// Waits until there are spans as wanted, twenty seconds at most; all that came by then.
  func until(_ isEnough: ([JSONValue]) -> Bool) async throws -> [JSONValue] {
    for _ in 0..<2_000 {
      let spans = try spans()
      if isEnough(spans) { return spans }
      try await Task.sleep(for: .milliseconds(10))
    }
    Issue.record("the spans have not come: \(text)")
    return try spans()
  }
}

extension JSONValue {
  /// The facts of a span or a resource, whatever their types.
  var facts: [String: String] {
    var facts: [String: String] = [:]
    for fact in self["attributes"]?.array ?? [] {
      facts[fact["key"]?.string ?? "?"] = fact["value"]?["stringValue"]?.string ?? fact["value"]?["intValue"]?.string
    }
    return facts
  }

  var name: String { self["name"]?.string ?? "" }
}
