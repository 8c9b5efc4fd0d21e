import JSONText
import Testing

private let newMessage = Shape(
  "NewMessage",
  [
    .string("text", .required, bytes: 1...10, "What is said."),
    .string(
      "client_message_id", .optional, bytes: 1...5, pattern: .init(rest: "A-Za-z0-9_-", saying: "letters"),
      "The client's id."),
    .oneOf("type", .optional, ["text", "image"], standard: "text", "The kind."),
    .integer("reply_to", .optional, .ids, "The message that is answered."),
    .array("members", .optional, of: .integer(1...100), count: 0...3, "Users."),
    .string("title", .nullable, bytes: 0...5, pattern: .line, "Null removes it."),
    .map("heads", .optional, names: .integer(.ids), values: .integer(0...100), count: 0...2, "Heads."),
    .number("ratio", .optional, 0...1, "A ratio."),
    .bool("quiet", .optional, "No sound."),
    .object("at", .optional, Shape("Place", [.string("name", .required, bytes: 1...5, "A name.")]), "Where."),
  ])

private let newConversation = Shape(
  "NewConversation", by: "kind",
  [
    .init("direct", "Two people.", [.integer("user", .required, .ids, "The other one.")]),
    .init(
      "group", "Several.",
      [
        .string("title", .required, bytes: 1...64, "Its title."),
        .array("members", .required, of: .integer(.ids), count: 0...255, "Who else."),
      ]),
  ])

private func faults(_ shape: Shape, _ text: String) throws -> [Fault] {
  let value = try JSONValue(parsing: text)
  do {
    _ = try shape.read(value)
    return []
  } catch {
    return error.faults
  }
}

@Suite("Shapes") struct ShapeTests {
  @Test(
    "an object in a scanned text is read as its tree is, or left to the tree",
    arguments: [
      (#"{"text":"hi"}"#, true), (#"{ "text" : "h\u00e9", "type":"image","reply_to":7,"title":"x" }"#, true),
      (#"{"text":"hi","client_message_id":null,"type":null,"client_message_id":"a"}"#, false),
      (#"{"text":"hi","client_message_id":null,"reply_to":null}"#, true),
      (#"{"text":"hi","client_message_id":"a.b"}"#, false), (#"{"text":"hi","title":null}"#, false),
      (#"{"text":null}"#, false), (#"{"text":""}"#, false), (#"{"text":"12345678901"}"#, false), ("{}", false),
      (#"{"text":"hi","type":"song"}"#, false), (#"{"text":"hi","reply_to":0}"#, false),
      (#"{"text":"hi","reply_to":7.5}"#, false), (#"{"text":"hi","reply_to":"7"}"#, false),
      (#"{"text":"hi","members":[1]}"#, false), (#"{"text":"hi","more":1}"#, false), (#"{"text":7}"#, false),
      (#"{"te\u0078t":"hi"}"#, false),
    ])
  func plain(_ text: String, isPlain: Bool) throws {
    let bytes = Array(#"{"d":\#(text)}"#.utf8)
    let frame = try JSONFrame(scanning: bytes.span)
    let slice = frame.slice("d", in: bytes.span)
    let members = slice.flatMap { newMessage.read($0, in: bytes.span) }
    #expect((members != nil) == isPlain)
    let tree = try? newMessage.read(JSONValue(parsing: text))
    if isPlain { #expect(members == tree) }
  }

  @Test("members are read by name and type")
  func read() throws {
    let members = try newMessage.read([
      "text": "hi", "reply_to": 7, "members": [1, 2], "title": nil, "heads": ["5121": 41], "ratio": 1, "quiet": false,
      "at": ["name": "x"],
    ])
    #expect(members.string("text") == "hi")
    #expect(members.integer("reply_to") == 7)
    #expect(members.integers("members") == [1, 2])
    #expect(members.string("type") == "text")
    #expect(members.isNull("title"))
    #expect(members.pairs("heads")?.first?.name == "5121")
    #expect(members.number("ratio") == 1)
    #expect(members.bool("quiet") == false)
    #expect(members.members("at")?.string("name") == "x")
    #expect(members.string("client_message_id") == nil)
    #expect(members.string("no such row") == nil)
    #expect(!members.has("client_message_id"))
  }

  @Test("null for an optional member is the same as leaving it out")
  func null() throws {
    let members = try newMessage.read(["text": "hi", "reply_to": nil, "type": nil])
    #expect(!members.has("reply_to"))
    #expect(members.string("type") == "text")
  }

  @Test(
    "each fault has its pointer and code",
    arguments: [
      (#"{}"#, "/text", Fault.Code.missing),
      (#"{"text":null}"#, "/text", .wrongType),
      (#"{"text":1}"#, "/text", .wrongType),
      (#"{"text":""}"#, "/text", .tooShort),
      (#"{"text":"12345678901"}"#, "/text", .tooLong),
      (#"{"text":"éééééé"}"#, "/text", .tooLong),
      (#"{"text":"x","client_message_id":"a b"}"#, "/client_message_id", .invalidFormat),
      (#"{"text":"x","type":"Text"}"#, "/type", .notAllowed),
      (#"{"text":"x","reply_to":0}"#, "/reply_to", .outOfRange),
      (#"{"text":"x","reply_to":1.0}"#, "/reply_to", .wrongType),
      (#"{"text":"x","reply_to":"1"}"#, "/reply_to", .wrongType),
      (#"{"text":"x","reply_to":true}"#, "/reply_to", .wrongType),
      (#"{"text":"x","members":[1,2,3,4]}"#, "/members", .tooMany),
      (#"{"text":"x","members":[1,101]}"#, "/members/1", .outOfRange),
      (#"{"text":"x","members":[null]}"#, "/members/0", .wrongType),
      (#"{"text":"x","title":"a\tb"}"#, "/title", .invalidFormat),
      (#"{"text":"x","title":"a\u2028"}"#, "/title", .invalidFormat),
      (#"{"text":"x","heads":{"05":1}}"#, "/heads/05", .wrongType),
      (#"{"text":"x","heads":{"0":1}}"#, "/heads/0", .outOfRange),
      (#"{"text":"x","heads":{"1":-1}}"#, "/heads/1", .outOfRange),
      (#"{"text":"x","heads":{"1":1,"2":1,"3":1}}"#, "/heads", .tooMany),
      (#"{"text":"x","ratio":1.5}"#, "/ratio", .outOfRange),
      (#"{"text":"x","quiet":0}"#, "/quiet", .wrongType),
      (#"{"text":"x","at":{}}"#, "/at/name", .missing),
      (#"{"text":"x","at":{"name":"y","z":1}}"#, "/at/z", .unknownMember),
      (#"{"text":"x","a/b~c":1}"#, "/a~1b~0c", .unknownMember),
      (#"{"text":"x","__proto__":{}}"#, "/__proto__", .unknownMember),
      (#"[]"#, "", .wrongType), (#"null"#, "", .wrongType), (#""x""#, "", .wrongType),
    ])
  func fault(text: String, pointer: String, code: Fault.Code) throws {
    let found = try faults(newMessage, text)
    #expect(found.map(\.pointer) == [pointer])
    #expect(found.map(\.code) == [code])
    #expect(found.allSatisfy { $0.detail.hasSuffix(".") })
  }

  @Test("limits are told in the sentence")
  func sentences() throws {
    let found = try faults(newMessage, #"{"text":"","members":[0]}"#)
    #expect(found.map(\.detail) == [#""text" must have at least 1 byte."#, #""members/0" must be from 1 to 100."#])
  }

  @Test("all faults are told at once, in the order of the rows")
  func all() throws {
    let found = try faults(newMessage, #"{"zzz":1,"type":3,"reply_to":-1}"#)
    #expect(found.map(\.pointer) == ["/text", "/type", "/reply_to", "/zzz"])
  }

  @Test("twenty faults are told of a hundred thousand, and a long name is cut")
  func bounded() throws {
    var object: JSONObject = ["text": "x"]
    for number in 0..<100_000 { object["m\(number)"] = 1 }
    #expect(throws: ShapeErrors.self) { _ = try newMessage.read(.object(object)) }
    let long = try faults(newMessage, #"{"text":"x",""# + String(repeating: "y", count: 10_000) + #"":1}"#)
    #expect((long.first?.pointer.count ?? 0) < 100)
    let many = "{" + (0..<500).map { "\"m\($0)\":1" }.joined(separator: ",") + "}"
    #expect(try faults(newMessage, many).count == ShapeErrors.faultsMax)
  }

  @Test("the deciding member chooses the rows")
  func variants() throws {
    #expect(try newConversation.read(["kind": "direct", "user": 5]).integer("user") == 5)
    let group = try newConversation.read(["kind": "group", "title": "t", "members": [1]])
    #expect(group.string("kind") == "group")
    #expect(try faults(newConversation, #"{"user":5}"#).map(\.pointer) == ["/kind"])
    #expect(try faults(newConversation, #"{"kind":"x"}"#).map(\.code) == [.notAllowed])
    #expect(try faults(newConversation, #"{"kind":"direct","title":"t"}"#).map(\.pointer) == ["/user", "/title"])
    #expect(try faults(newConversation, "[]").map(\.code) == [.wrongType])
  }

  @Test("an enumeration is compared by bytes, not by looks")
  func lookAlikes() throws {
    let shape = Shape("S", [.oneOf("unit", .required, ["K"], "A unit.")])
    #expect(try faults(shape, "{\"unit\":\"\u{212A}\"}").map(\.code) == [.notAllowed])
  }
}

@Suite("Shapes of queries") struct ShapeQueryTests {
  private let page = Shape(
    "Page",
    [
      .integer("limit", .optional, 1...100, standard: 50, "How many."),
      .integer("before", .optional, .ids, "Older than."),
      .oneOf("order", .optional, ["asc", "desc"], "Which way."),
      .string("q", .optional, bytes: 1...10, "Words."),
      .bool("all", .optional, "All."),
      .array("users", .optional, of: .integer(.ids), count: 1...3, "Users."),
      .number("near", .optional, 0...1, "A number."),
    ])

  @Test("parameters are read as the rows say")
  func read() throws {
    let members = try page.read(query: [
      ("limit", "100"), ("order", "asc"), ("q", "1"), ("all", "true"), ("users", "1,2,3"), ("near", "0.5"),
    ])
    #expect(members.integer("limit") == 100)
    #expect(members.string("q") == "1")
    #expect(members.bool("all") == true)
    #expect(members.integers("users") == [1, 2, 3])
    #expect(members.number("near") == 0.5)
    #expect(try page.read(query: []).integer("limit") == 50)
  }

  @Test(
    "a wrong parameter is named",
    arguments: [
      ("limit", "0", "/limit", Fault.Code.outOfRange), ("limit", "101", "/limit", .outOfRange),
      ("limit", "-1", "/limit", .outOfRange), ("limit", "", "/limit", .wrongType),
      ("limit", "1.5", "/limit", .wrongType),
      ("limit", "+1", "/limit", .wrongType), ("limit", "01", "/limit", .wrongType),
      ("limit", "1 ", "/limit", .wrongType),
      ("limit", "٣", "/limit", .wrongType), ("limit", "1;drop", "/limit", .wrongType),
      ("limit", "0x1", "/limit", .wrongType),
      ("limit", "1e2", "/limit", .wrongType), ("limit", "-", "/limit", .wrongType),
      ("limit", "-0", "/limit", .wrongType),
      ("before", "9007199254740992", "/before", .wrongType), ("before", "9223372036854775808", "/before", .wrongType),
      ("order", "ASC", "/order", .notAllowed), ("q", "", "/q", .tooShort), ("all", "1", "/all", .wrongType),
      ("users", "", "/users", .tooFew), ("users", "1,,2", "/users/1", .wrongType),
      ("users", "1,2,3,4", "/users", .tooMany),
      ("users", "1,x", "/users/1", .wrongType), ("near", "nan", "/near", .wrongType),
      ("page", "1", "/page", .unknownMember),
    ])
  func refused(name: String, value: String, pointer: String, code: Fault.Code) {
    let error = #expect(throws: ShapeErrors.self) { _ = try page.read(query: [(name, value)]) }
    #expect(error?.faults.map(\.pointer) == [pointer])
    #expect(error?.faults.map(\.code) == [code])
  }

  @Test("a parameter given twice is refused")
  func repeated() {
    let error = #expect(throws: ShapeErrors.self) { _ = try page.read(query: [("limit", "1"), ("limit", "1")]) }
    #expect(error?.faults.map(\.code) == [.repeated])
  }

  @Test("ten thousand parameters cost no square and have a short answer")
  func many() {
    let error = #expect(throws: ShapeErrors.self) {
      _ = try page.read(query: (0..<10_000).map { ("p\($0)", "1") })
    }
    #expect(error?.faults.count == ShapeErrors.faultsMax)
  }

  @Test("a required parameter is missed")
  func missing() {
    let shape = Shape("Search", [.string("q", .required, bytes: 1...10, "Words.")])
    let error = #expect(throws: ShapeErrors.self) { _ = try shape.read(query: []) }
    #expect(error?.faults.map(\.code) == [.missing])
  }

  @Test("the same rows describe the parameters")
  func parameters() {
    let limit = page.parameters().first
    #expect(limit?["name"] == "limit")
    #expect(limit?["schema"] == ["type": "integer", "minimum": 1, "maximum": 100, "default": 50])
    #expect(page.parameters()[5]["explode"] == false)
  }
}

@Suite("Schemas of shapes") struct ShapeSchemaTests {
  @Test("the schema says what the shape checks")
  func schema() {
    let schema = newMessage.schema
    #expect(schema["additionalProperties"] == false)
    #expect(schema["required"] == ["text"])
    #expect(
      schema["properties"]?["text"] == [
        "type": "string", "minLength": 1, "maxLength": 10, "x-bytes-max": 10, "description": "What is said.",
      ])
    #expect(schema["properties"]?["type"]?["enum"] == ["text", "image", nil])
    #expect(schema["properties"]?["type"]?["default"] == "text")
    #expect(schema["properties"]?["client_message_id"]?["pattern"] == "^[A-Za-z0-9_-]*$")
    #expect(schema["properties"]?["members"]?["items"] == ["type": "integer", "minimum": 1, "maximum": 100])
    #expect(schema["properties"]?["at"]?["required"] == ["name"])
    #expect(schema["properties"]?["heads"]?["propertyNames"]?["type"] == "string")
  }

  @Test("a response's schema leaves room for new members")
  func open() {
    #expect(newMessage.schema(closed: false)["additionalProperties"] == nil)
    #expect(newMessage.schema(closed: false)["properties"]?["at"]?["additionalProperties"] == nil)
  }

  @Test("variants become a choice with their deciding word")
  func variants() {
    let first = newConversation.schema["oneOf"]?[0]
    #expect(first?["properties"]?["kind"]?["enum"] == ["direct"])
    #expect(first?["required"] == ["kind", "user"])
  }
}
