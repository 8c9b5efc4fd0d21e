import ChatCore
import EntryText
import JSONText
import MemoryAdapters
import TestKit
import Testing

@testable import API
@testable import Realtime

@Suite("The AsyncAPI document")
struct AsyncAPITests {
  private static let path = "/asyncapi.json"
  private static let document = AsyncAPI.document(Limits(), RealtimeLimits(), version: "1.2.3")
  private static let endpoints = Catalog.endpoints(Limits(), version: "1.2.3", asyncAPI: document.bytes) { [:] }
  private static let check = SchemaCheck(documents: [
    path: document, "/openapi.json": OpenAPI.document(endpoints, version: "1.2.3"),
  ])
  private static let rows = Operations.rows(Limits(), RealtimeLimits())

  // MARK: What stands in it

  @Test func `each operation is received by its name and answered, or refused`() throws {
    let received = Self.operations("receive")
    #expect(Set(received.keys) == Set(Self.rows.map(\.name)))
    for row in Self.rows {
      let operation = try #require(received[row.name])
      #expect(Self.messages(operation).map { $0["payload"]?["properties"]?["op"] } == [["const": .string(row.name)]])
      #expect(operation["summary"]?.string == row.summary)
      #expect(operation["description"]?.string?.contains("MARTLET_RATE") == (row.rate != .none))
      let answers = Self.messages(try #require(operation["reply"]))
      #expect(answers.map { $0["payload"]?["required"] } == [["re", "ok", "d"], ["re", "error"]])
    }
  }

  @Test func `each event is sent under its name, once, and nothing else is`() throws {
    let sent = Self.operations("send").values.flatMap(Self.messages).compactMap { $0["name"]?.string }
    let told = EventSamples.entries.map(\.event.name) + EventSamples.told.compactMap { $0["t"]?.string }
    #expect(sent.count == Set(sent).count)
    #expect(Set(sent) == Set(told).union(["hello"]))
    #expect(Set(EventSamples.entries.compactMap { EventCode($0.event) }) == Set(EventCode.allCases))
  }

  @Test func `each way in which a socket is closed is told`() throws {
    let text = try #require(Self.document["channels"]?["socket"]?["description"]?.string)
    for code in CloseCode.allCases {
      #expect(text.contains("- \(code.rawValue) `\(code.name)`: \(code.summary)"))
      #expect(code.summary.hasSuffix("."))
    }
  }

  @Test func `every reference leads somewhere, and every message and schema is used`() {
    var references: Set<String> = []
    Self.walk(Self.document) { if let reference = $0["$ref"]?.string { references.insert(reference) } }
    for reference in references {
      #expect(Self.check.find(reference, in: Self.path)?.schema.object != nil, "\(reference)")
    }
    #expect(references.contains { $0.hasPrefix("/openapi.json") })
    let places = [
      ("#/components/schemas/", Self.document["components"]?["schemas"]),
      ("#/channels/socket/messages/", Self.document["channels"]?["socket"]?["messages"]),
    ]
    for (path, place) in places {
      let names = place?.object?.names ?? []
      #expect(!names.isEmpty)
      for name in names { #expect(references.contains(path + name), "\(name)") }
    }
  }

  @Test func `schemas of one name are one schema`() {
    var schemas: [String: JSONValue] = [:]
    let data = (Self.rows.map(\.answer) + EventRow.all.map(\.data)).compactMap { row in
      row.schema.map { (row.name, $0) }
    }
    for (name, schema) in Self.rows.map({ ($0.shape.name, $0.shape.schema) }) + data {
      #expect(schemas[name].map { $0 == schema } ?? true, "\(name)")
      schemas[name] = schema
    }
  }

  @Test func `it is what its row in REST says`() throws {
    let row = try #require(Self.endpoints.first { $0.name == "showAsyncAPI" })
    _ = try row.answers[0].shape?.read(Self.document)
    #expect(row.path == Self.path)
    #expect(Self.document["info"]?["version"] == "1.2.3")
  }

  // MARK: Whether it is true

  @Test(arguments: EventSamples.entries)
  func `entries are as it says`(entry: Entry) {
    var writer = JSONWriter()
    EntryText.write(entry, to: &writer)
    Self.expectFits((try? JSONValue(parsing: writer.finish())) ?? .null)
  }

  @Test func `what is no entry is as it says`() {
    for frame in EventSamples.told { Self.expectFits(frame) }
  }

  @Test func `every request of a talk, its answer and what is told of it are as it says`() throws {
    let talk = try Talk()
    try talk.run()
    #expect(Set(talk.asked.compactMap { $0["op"]?.string }) == Set(Self.rows.map(\.name)))
    let named = Dictionary(talk.asked.map { ($0["id"]?.string ?? "", $0["op"]?.string ?? "") }) { first, _ in first }
    for frame in talk.asked where frame["id"]?.string?.hasPrefix("wrong") == false {
      let operation = try #require(Self.operations("receive")[frame["op"]?.string ?? ""])
      #expect(Self.fitting(frame, Self.messages(operation)).count == 1, "\(frame.text)")
    }
    for frame in talk.heard {
      guard let id = frame["re"] else {
        Self.expectFits(frame)
        continue
      }
      let operation = named[id.string ?? ""].flatMap { Self.operations("receive")[$0] }
      let answers = operation?["reply"].map(Self.messages) ?? [Self.refusal]
      #expect(Self.fitting(frame, answers).count == 1, "\(frame.text)")
      #expect((frame["error"] != nil) == (id.string?.hasPrefix("wrong") ?? true), "\(frame.text)")
    }
  }

  @Test(arguments: [
    (#"{"t":"read","conv":1,"d":{"user":1}}"#, #"/d: required ["user","seq"]"#),
    (#"{"t":"read","conv":"1","d":{"user":1,"seq":1}}"#, #"/conv: type "integer""#),
    (#"{"t":"read","conv":0,"d":{"user":1,"seq":1}}"#, "/conv: minimum 1"),
    (#"{"t":"read","conv":1,"d":{"user":1,"seq":1,"x":1}}"#, "/d/x: is not described"),
    (#"{"t":"read","conv":1,"seq":1,"d":{"user":1,"seq":1}}"#, "/seq: is not described"),
  ])
  func `what is not so would be found`(frame: String, fault: String) throws {
    let message = try #require(Self.events["read"])
    #expect(Self.faults(try JSONValue(parsing: frame), message) == [fault])
  }

  // MARK: Reading it

  private static let refusal = document["channels"]?["socket"]?["messages"]?["refusal"] ?? [:]

  private static let events = Dictionary(
    operations("send").values.flatMap(messages).map { ($0["name"]?.string ?? "", $0) }, uniquingKeysWith: { $1 })

  /// Those of that action by the name of their first message.
  private static func operations(_ action: String) -> [String: JSONValue] {
    let all = (document["operations"]?.object?.entries ?? []).map(\.value)
    let chosen = all.filter { $0["action"]?.string == action }
    return Dictionary(uniqueKeysWithValues: chosen.map { (messages($0).first?["name"]?.string ?? "", $0) })
  }

  /// The messages to which an operation or a reply refers.
  private static func messages(_ place: JSONValue) -> [JSONValue] {
    (place["messages"]?.array ?? []).compactMap { check.find($0["$ref"]?.string ?? "", in: path)?.schema }
  }

  private static func faults(_ frame: JSONValue, _ message: JSONValue) -> [String] {
    check.faults(frame, message["payload"] ?? ["nothing": true], in: path)
  }

  private static func fitting(_ frame: JSONValue, _ messages: [JSONValue]) -> [JSONValue] {
    messages.filter { faults(frame, $0).isEmpty }
  }

  private static func expectFits(_ frame: JSONValue) {
    let message = frame["t"]?.string.flatMap { events[$0] } ?? [:]
    #expect(faults(frame, message) == [], "\(frame.text)")
  }

  private static func walk(_ value: JSONValue, _ visit: (JSONValue) -> Void) {
    visit(value)
    for element in value.array ?? [] { walk(element, visit) }
    for entry in value.object?.entries ?? [] { walk(entry.value, visit) }
  }
}
