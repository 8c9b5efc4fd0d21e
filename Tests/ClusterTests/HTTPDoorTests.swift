import HTTP1
import JSONText
import TestKit
import Testing

extension ClusterTests {
  /// Requests at a node's own port that a balancer and a node might read differently.
  struct HTTPDoorTests {
    private static let host = "Host: localhost\r\n"
    /// What must never be answered: it stands where a smuggled second request would.
    private static let smuggled = "GET /v1/info HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// Bytes and the statuses that may answer them; always one answer at most, and then the connection is closed.
    static let rows: [(name: String, bytes: String, statuses: [Int])] = [
      (
        "length and chunks",
        "POST /v1/users HTTP/1.1\r\n\(host)Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(smuggled)",
        [400]
      ),
      (
        "two lengths", "POST /v1/users HTTP/1.1\r\n\(host)Content-Length: 0\r\nContent-Length: 44\r\n\r\n\(smuggled)",
        [400]
      ),
      ("a length with a sign", "POST /v1/users HTTP/1.1\r\n\(host)Content-Length: +0\r\n\r\n\(smuggled)", [400]),
      (
        "a length past 2^64", "POST /v1/users HTTP/1.1\r\n\(host)Content-Length: 18446744073709551617\r\n\r\nx",
        [400, 413]
      ),
      (
        "an unknown coding",
        "POST /v1/users HTTP/1.1\r\n\(host)Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n\(smuggled)", [400, 501]
      ),
      (
        "chunks twice",
        "POST /v1/users HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n\(smuggled)", [400, 501]
      ),
      (
        "a blank before the colon",
        "POST /v1/users HTTP/1.1\r\n\(host)Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n\(smuggled)", [400]
      ),
      (
        "a chunk size with 0x",
        "POST /v1/users HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n\(smuggled)",
        [400]
      ),
      (
        "a chunk size that overflows",
        "POST /v1/users HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF1\r\nx", [400, 413]
      ),
      ("bare line feeds", "GET /v1/info HTTP/1.1\nHost: localhost\n\n", [400]),
      ("a folded line", "GET /v1/info HTTP/1.1\r\n\(host)X-A: a\r\n b\r\n\r\n\(smuggled)", [400]),
      ("a NUL in a value", "GET /v1/info HTTP/1.1\r\n\(host)X-A: a\0b\r\n\r\n\(smuggled)", [400]),
      ("no host", "GET /v1/info HTTP/1.1\r\n\r\n\(smuggled)", [400]),
      ("two hosts", "GET /v1/info HTTP/1.1\r\n\(host)Host: evil\r\n\r\n\(smuggled)", [400]),
      ("HTTP/0.9", "GET /v1/info\r\n", [400, 505]),
      ("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400, 505]),
      ("a long target", "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\n\(host)\r\n", [414, 400, 431]),
      (
        "a long header", "GET /v1/info HTTP/1.1\r\n\(host)X-A: \(String(repeating: "a", count: 200_000))\r\n\r\n", [431]
      ),
      ("a body past the limit", "POST /v1/users HTTP/1.1\r\n\(host)Content-Length: 99999999\r\n\r\n", [413]),
    ]

    @Test(arguments: NodeProcess.Role.allCases)
    func `no node answers what a balancer might have read differently`(_ role: NodeProcess.Role) async throws {
      let cluster = try await SharedCluster.healthy()
      let node = role == .api ? cluster.api[0] : cluster.socket[0]
      for row in Self.rows {
        let talk = await Probe.exchange(node.address, Array(row.bytes.utf8), for: 10_000)
        let statuses = Probe.statuses(talk)
        let shown = String(decoding: talk.answer.prefix(200), as: UTF8.self)
        #expect(statuses.count <= 1, "\(row.name): \(shown)")
        // A connection that is reset while its bytes still travel may lose the answer, never the closing.
        #expect(statuses.allSatisfy(row.statuses.contains), "\(row.name): \(shown)")
        #expect(talk.isClosed, "\(row.name): left open after \(shown)")
      }
      #expect(node.isRunning)
    }

    @Test func `wrong bodies are refused with a problem that names the member`() async throws {
      let cluster = try await SharedCluster.healthy()
      try await ClusterStage.play(on: cluster) { stage in
        let ada = try await stage.account("ada")
        let room = try await stage.open(title: "mine", members: [ada])
        let messages = "/v1/conversations/\(room)/messages"
        let rows: [(Method, String, JSONValue, Int, String, String?)] = [
          (.post, "/v1/users", [:], 400, "invalid_request", "/username"),
          (.post, "/v1/users", ["username": "zoe", "password": "short"], 400, "invalid_request", "/password"),
          (
            .post, "/v1/users", ["username": "zoe", "password": "long enough 1", "role": "admin"], 400,
            "unknown_member", "/role"
          ),
          (.post, "/v1/users", [], 400, "invalid_request", nil),
          (.post, "/v1/sessions", ["username": "nobody", "password": "wrong one 123"], 401, "wrong_credentials", nil),
          (.post, messages, ["text": ""], 400, "invalid_request", "/text"),
          (.post, messages, ["text": 5], 400, "invalid_request", "/text"),
          (.post, messages, ["text": "hi", "sender": 1], 400, "unknown_member", "/sender"),
          (.get, messages + "?limit=101", .null, 400, "invalid_request", "/limit"),
          (.get, messages + "?before=x", .null, 400, "invalid_request", "/before"),
          (.get, "/v1/conversations/1/messages", .null, 404, "conversation_not_found", nil),
          (.get, "/v1/nothing", .null, 404, "not_found", nil),
        ]
        for (method, path, body, status, code, pointer) in rows {
          let answer = try await stage.api[1].call(method, path, body.isNull ? nil : body, token: ada.token)
          #expect(answer.status == status, "\(path) \(body.text): \(answer.body.text)")
          #expect(answer.headers["content-type"]?.hasPrefix("application/problem+json") == true)
          if code != "not_found" { #expect(answer.code == code, "\(path) \(body.text): \(answer.body.text)") }
          guard let pointer else { continue }
          let pointers = answer.body["errors"]?.array?.compactMap { $0["pointer"]?.string } ?? []
          #expect(pointers.contains(pointer), "\(path) \(body.text): \(answer.body.text)")
        }
        let stranger = try await stage.api[0].call(.get, messages, token: "a.b.c")
        #expect(stranger.status == 401)
      }
    }
  }
}
