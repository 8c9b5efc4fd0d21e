import API
import HTTP1
import JSONText
import TestKit
import Testing

@Suite("Paths, methods, origins and request ids")
struct DoorTests {
  @Test(arguments: [
    ("/", "404 path_not_found"), ("/v1", "404 path_not_found"), ("/v1/", "404 path_not_found"),
    ("/v1/users/", "404 path_not_found"), ("/v1/users/me/", "404 path_not_found"), ("//v1/users", "404 path_not_found"),
    ("/v1//users", "404 path_not_found"), ("/V1/users", "404 path_not_found"),
    ("/v1/conversations//messages", "404 path_not_found"),
    ("/v2/users", "404 path_not_found"), ("/v1%2Fusers", "404 path_not_found"),
    ("/v1/users/1/2/3/4/5", "404 path_not_found"),
    ("/v1/%zz", "400 invalid_path"), ("/v1/%", "400 invalid_path"), ("/v1/%ff", "400 invalid_path"),
    ("/v1/%00", "400 invalid_path"), ("/v1/../v1/users", "400 invalid_path"), ("/v1/%2e%2e/users", "400 invalid_path"),
    ("*", "400 invalid_path"), ("/v1/users/me?%zz=1", "400 invalid_query"), ("/v1/users/me?a=%00", "400 invalid_query"),
    ("/v1/users/me?" + String(repeating: "a=1&", count: 65), "400 invalid_query"),
    ("/v1/users/me?=", "400 unknown_member / unknown_member"),
  ])
  func `an unknown path, or one that is none`(target: String, summary: String) async throws {
    let door = try await Door.open()
    #expect(await door.send(.get, target, as: door.stage.ada).summary == summary)
  }

  @Test func `an encoded letter is the letter`() async throws {
    let door = try await Door.open()
    #expect(await door.send(.get, "/v1/%75sers/%6De?", as: door.stage.ada).status == 200)
  }

  @Test(arguments: [
    ("/v1/users/me", "GET, PATCH, DELETE, HEAD, OPTIONS"), ("/v1/users/16777217", "GET, HEAD, OPTIONS"),
    ("/v1/sessions", "POST, GET, DELETE, HEAD, OPTIONS"), ("/v1/conversations/1/members/me", "PUT, DELETE, OPTIONS"),
    ("/openapi.json", "GET, HEAD, OPTIONS"), ("/asyncapi.json", "GET, HEAD, OPTIONS"),
  ])
  func `a method that a path does not take is told which it takes, each once`(
    target: String, allowed: String
  ) async throws {
    let door = try await Door.open()
    for method in ["TRACK", "get", "PURGE"].map({ HTTP1.Method(rawValue: $0) }) {
      let reply = await door.send(method, target, as: door.stage.ada)
      #expect(reply.summary == "405 method_not_allowed")
      #expect(reply.headers["allow"] == allowed)
      #expect(reply.record?.method == "OTHER")
      #expect(reply.record?.route == "unknown")
    }
    let options = await door.send(.options, target)
    #expect(options.status == 204)
    #expect(options.headers["allow"] == allowed)
    #expect(options.body.isEmpty)
  }

  @Test func `HEAD is answered as GET is`() async throws {
    let door = try await Door.open()
    let get = await door.send(.get, "/v1/users/me", as: door.stage.ada)
    let head = await door.send(.head, "/v1/users/me", as: door.stage.ada)
    #expect(head.status == 200)
    #expect(head.body == get.body)
    #expect(await door.send(.head, "/v1/users/me").status == 401)
    #expect(await door.send(.head, "/v1/sessions/refresh").status == 405)
  }

  @Test func `OPTIONS of the server as a whole`() async throws {
    let door = try await Door.open()
    let reply = await door.send(.options, "*")
    #expect(reply.status == 204)
    #expect(reply.headers["allow"]?.contains("PATCH") == true)
    #expect(await door.send(.options, "/nothing").summary == "404 path_not_found")
  }

  @Test func `an allowed origin may read every answer, refusals too`() async throws {
    let door = try await Door.open()
    let origin: HeaderFields = ["Origin": "https://good.example"]
    for (method, target) in [
      (HTTP1.Method.get, "/v1/info"), (.get, "/v1/users/me"), (.get, "/nothing"), (.delete, "/v1/info"),
    ] {
      let reply = await door.send(method, target, headers: origin)
      #expect(reply.headers["access-control-allow-origin"] == "https://good.example")
      #expect(reply.headers["vary"] == "Origin")
      #expect(reply.headers["access-control-allow-credentials"] == nil)
    }
  }

  @Test(arguments: ["https://evil.example", "null", "http://good.example", "https://good.example.evil", ""])
  func `another origin may read nothing`(origin: String) async throws {
    let door = try await Door.open()
    let reply = await door.send(.get, "/v1/info", headers: ["Origin": origin])
    #expect(reply.status == 200)
    #expect(!reply.headers.contains { $0.name.lowercased().hasPrefix("access-control") })
    let asked = await door.send(
      .options, "/v1/info", headers: ["Origin": origin, "Access-Control-Request-Method": "GET"])
    #expect(asked.status == 204)
    #expect(!asked.headers.contains { $0.name.lowercased().hasPrefix("access-control") })
  }

  @Test func `a preflight needs no token`() async throws {
    let door = try await Door.open()
    let reply = await door.send(
      .options, "/v1/conversations",
      headers: [
        "Origin": "https://good.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
      ])
    #expect(reply.status == 204)
    #expect(reply.headers["access-control-allow-origin"] == "https://good.example")
    #expect(reply.headers["access-control-allow-methods"]?.contains("POST") == true)
    #expect(reply.headers["access-control-allow-headers"]?.contains("Authorization") == true)
    #expect(reply.headers.values(for: "vary") == ["Origin"])
  }

  @Test(arguments: ["abcdefgh", "0af7651916cd43dd8448eb211c80319c", "A_b-1234", String(repeating: "x", count: 64)])
  func `a request id is taken over`(id: String) async throws {
    let door = try await Door.open()
    #expect(await door.send(.get, "/v1/users/me", headers: ["X-Request-ID": id])["request_id"]?.string == id)
  }

  @Test(arguments: [
    "", "short", String(repeating: "x", count: 65), "with space", "a\"quote\"b", "<script>", "äöüäöüäö",
  ])
  func `a request id that could do harm is replaced`(id: String) async throws {
    let door = try await Door.open()
    let reply = await door.send(.get, "/v1/users/me", headers: ["X-Request-ID": id])
    #expect(reply.headers["x-request-id"]?.utf8.count == 24)
    #expect(reply.headers["x-request-id"] != id)
  }

  @Test func `what the parser refuses is a problem too`() throws {
    let reply = Response(problem: Refusal(414, "target_too_long", "The request line is too long."))
    #expect(reply.closesConnection)
    let json = try JSONValue(parsing: reply.body)
    #expect(json["code"]?.string == "target_too_long")
    #expect(json["request_id"]?.string == reply.headers["x-request-id"])
    #expect(reply.headers["content-type"] == "application/problem+json")
  }

  @Test func `what the server refuses is readable for a listed page, under the request's own id`() throws {
    let id = "client-chosen-1"
    let head = RequestHead(
      method: .post, target: "/v1/users", headers: ["Origin": "https://chat.example", "X-Request-ID": id])
    let reply = Response(
      problem: .connections, head: head, crossOrigin: CrossOriginPolicy(origins: .listed(["https://chat.example"])))
    #expect(reply.headers["access-control-allow-origin"] == "https://chat.example")
    #expect(reply.headers["retry-after"] == "5")
    let json = try JSONValue(parsing: reply.body)
    #expect(json["request_id"]?.string == id)
    #expect(json["retry_after_ms"]?.integer == 5_000)
  }
}
