import HTTP1
import JSONText
import Testing

@testable import Dialects

@Suite struct ParametersTests {
  private func parameters(_ target: String, type: String? = nil, _ body: String = "") throws -> Parameters {
    var headers: HeaderFields = [:]
    if let type { headers.append("Content-Type", type) }
    let head = RequestHead(
      method: .get, target: target, version: .http11, headers: headers, keepAlive: true, bodyLength: .none,
      expectsContinue: false)
    return try Parameters(of: Request(head: head, body: Array(body.utf8), peer: "192.0.2.1"))
  }

  private static let form = """
    --b\r\nContent-Disposition: form-data; name="a"\r\n\r\ntwo\r\n\
    --b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nbytes\r\n--b--\r\n
    """

  @Test(arguments: [
    ("application/x-www-form-urlencoded", "a=two"), ("application/json", #"{"a":"two"}"#), (nil, #"{"a":"two"}"#),
    ("text/plain", #" {"a":"two"}"#), ("multipart/form-data; boundary=b", form),
  ])
  func `a body of any kind wins over the query, also with GET`(type: String?, body: String) throws {
    let found = try parameters("/?a=one&b=query", type: type, body)
    #expect(found.text("a") == "two")
    #expect(found.text("b") == "query")
    #expect(found.text("file") == nil)
  }

  @Test(arguments: [
    ("application/json", "{"), ("application/json", "\u{1}"), (nil, #"{"a":}"#),
    ("application/x-www-form-urlencoded", "a=%zz"), ("multipart/form-data; boundary=b", "--b"),
    ("multipart/form-data", "x"),
  ])
  func `what cannot be read is refused`(type: String?, body: String) throws {
    #expect(throws: Parameters.Malformed.self) { try parameters("/", type: type, body) }
  }

  @Test func `what no row reads is not held while a request waits`() throws {
    let list = "[" + String(repeating: "7,", count: 2_000) + "7]"
    let body = #"{"a":"b","list":\#(list),"mixed":[1,{"x":1},[2],"s"],"deep":{"x":[1]}}"#
    let object = try JSONValue(parsing: body).object ?? JSONObject()
    for found in [try parameters("/", type: "application/json", body), try Parameters(object)] {
      #expect(found.text("a") == "b")
      #expect(found.list("list")?.count == Parameters.elementsMax)
      #expect(found.list("mixed") == [1, nil, nil, "s"])
      #expect(found["deep"] == [:])
    }
  }

  private static func members(_ count: Int, _ one: (Int) -> String, between: String) -> String {
    (0..<count).map(one).joined(separator: between)
  }

  @Test(arguments: ["query", "application/x-www-form-urlencoded", "application/json"])
  func `of more members than may be none is dropped: all are refused`(place: String) throws {
    func bring(_ count: Int) throws -> Parameters {
      let fields = Self.members(count, { "m\($0)=1" }, between: "&")
      let json = "{" + Self.members(count, { "\"m\($0)\":1" }, between: ",") + "}"
      return switch place {
      case "query": try parameters("/?" + fields)
      case "application/json": try parameters("/", type: place, json)
      default: try parameters("/", type: place, fields)
      }
    }
    #expect(try bring(Query.parametersMax).has("m63"))
    let error = #expect(throws: Parameters.Malformed.self) { try bring(Query.parametersMax + 1) }
    #expect(error?.status == 400)
    #expect(error?.text == "There are more than 64 parameters")
  }

  @Test func `a body of JSON is as long as the longest message with each character escaped, and no longer`() throws {
    let empty = #"{"a":""}"#.utf8.count
    func body(_ bytes: Int) -> String { #"{"a":"\#(String(repeating: "x", count: bytes - empty))"}"# }
    let longest = try parameters("/", type: "application/json", body(Parameters.jsonBytesMax))
    #expect(longest.text("a")?.utf8.count == Parameters.jsonBytesMax - empty)
    let error = #expect(throws: Parameters.Malformed.self) {
      try parameters("/", type: "application/json", body(Parameters.jsonBytesMax + 1))
    }
    #expect(error?.status == 413)
  }

  @Test func `a value is read in any spelling, under the first of several names that is there`() throws {
    let found = try Parameters(["n": "12", "t": 7, "yes": "True", "list": "[1,2]", "nothing": nil])
    #expect(found.integer("x", "n") == 12)
    #expect(found.text("nothing", "t") == "7")
    #expect(found.flag("yes") && !found.flag("n") && !found.flag("x"))
    #expect(found.list("list") == [1, 2])
    #expect(found.has("nothing") && found["nothing"] == nil)
  }
}
