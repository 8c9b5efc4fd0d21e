import EngineIO
import Testing

@Suite struct EngineRequestTests {
  private func read(
    _ method: String, _ query: [String: String], socket: Bool = false, versions: Set<EngineVersion> = [.v4]
  ) throws(EngineRefusal) -> EngineRequest {
    try EngineRequest(method: method, asksUpgrade: socket, versions: versions) { query[$0] }
  }

  @Test("each of the five requests is recognised")
  func wishes() throws {
    let polling = ["EIO": "4", "transport": "polling"]
    let socket = ["EIO": "4", "transport": "websocket"]
    let sid = ["sid": "n1.abc"]
    #expect(try read("GET", polling).wish == .open)
    #expect(try read("GET", polling.merging(sid) { $1 }).wish == .poll(sid: "n1.abc"))
    #expect(try read("POST", polling.merging(sid) { $1 }).wish == .post(sid: "n1.abc"))
    #expect(try read("GET", socket, socket: true).wish == .openSocket)
    #expect(try read("GET", socket.merging(sid) { $1 }, socket: true).wish == .probe(sid: "n1.abc"))
  }

  @Test("the revision is spelled exactly, and is one that is served")
  func versions() throws {
    for spelling in ["", "3", "5", "04", "4.0", "+4", "abc", "4 "] {
      #expect(throws: EngineRefusal.unsupportedVersion) { try read("GET", ["EIO": spelling, "transport": "polling"]) }
    }
    #expect(throws: EngineRefusal.unsupportedVersion) { try read("GET", ["transport": "polling"]) }
    let three = try read("GET", ["EIO": "3", "transport": "polling"], versions: [.v3, .v4])
    #expect(three.version == .v3 && three.takesBytes)
    #expect(try !read("GET", ["EIO": "3", "transport": "polling", "b64": "1"], versions: [.v3]).takesBytes)
  }

  @Test("what does not fit together is refused with the code that clients know")
  func refusals() {
    func refused(_ refusal: EngineRefusal, _ method: String, _ query: [String: String], socket: Bool = false) {
      let query = query.merging(["EIO": "4"]) { $1 }
      #expect(throws: refusal, "\(method) \(query)") { try read(method, query, socket: socket) }
    }
    refused(.unknownTransport, "GET", [:])
    refused(.unknownTransport, "GET", ["transport": "abc"])
    refused(.unknownTransport, "GET", ["transport": "webtransport"])
    refused(.badMethod, "POST", ["transport": "polling"])
    refused(.badMethod, "PUT", ["transport": "polling"])
    refused(.badRequest, "PUT", ["transport": "polling", "sid": "a"])
    refused(.badRequest, "GET", ["transport": "websocket"])
    refused(.badRequest, "GET", ["transport": "polling"], socket: true)
    refused(.unknownSession, "GET", ["transport": "polling", "sid": ""])
    refused(.unknownSession, "GET", ["transport": "polling", "sid": "a/b"])
    refused(.unknownSession, "GET", ["transport": "polling", "sid": String(repeating: "a", count: 65)])
  }

  @Test("a refusal is JSON with code and message")
  func json() {
    let text = String(decoding: EngineRefusal.unknownSession.json, as: UTF8.self)
    #expect(text == #"{"code":1,"message":"Session ID unknown"}"#)
    #expect(EngineRefusal.allCases.map(\.rawValue) == [0, 1, 2, 3, 4, 5])
  }
}
