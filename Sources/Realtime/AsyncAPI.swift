import ChatCore
import JSONText

/// The AsyncAPI 3 document of the native socket, made from the rows that the session itself goes by.
///
/// It tells what the service does: it receives requests, and it sends answers and events.
///
/// - Source: AsyncAPI 3.0.0; WebSockets binding 0.1.0. Payloads are JSON Schema, as in ``Shape``.
public enum AsyncAPI {
  /// The document for these limits.
  public static func document(_ limits: Limits, _ realtime: RealtimeLimits, version: String) -> JSONValue {
    let operations = Operations.rows(limits, realtime)
    return [
      "asyncapi": "3.0.0",
      "info": [
        "title": "Martlet, the native socket", "version": .string(version), "description": .string(description),
      ],
      "defaultContentType": "application/json",
      "servers": [
        "secure": server("wss", "Over TLS."), "plain": server("ws", "Without TLS, for development and inner networks."),
      ],
      "channels": ["socket": channel(operations, realtime)],
      "operations": .object(self.operations(operations)),
      "components": ["schemas": .object(schemas(operations))],
    ]
  }

  private static let description = """
    A request `{"id","op","d"}` gets exactly one answer, `{"re","ok":true,"d"}` or `{"re","error"}`, whose `re` is the \
    request's `id`; several may be under way, answers come in any order. What happens is told by events `{"t",…}`. \
    Those with a `seq` are entries of a conversation's log: they come in order, without holes, and again by `resume`. \
    Those without may be lost. The service says `hello` first; then `auth` brings a token, unless the Authorization \
    header has, and `resume` begins the events. Unknown members of a request are refused; answers and events may gain \
    members. The same operations and events are spoken by Socket.IO at `/socket.io/`. REST is described at \
    `/openapi.json`, to whose schemas this document refers.
    """

  private static func server(_ scheme: String, _ summary: String) -> JSONValue {
    [
      "host": "{host}", "protocol": .string(scheme), "description": .string(summary),
      "variables": ["host": ["default": "localhost:8000", "description": "Where this document was read."]],
    ]
  }

  // MARK: The channel

  private static func channel(_ operations: [Operation], _ realtime: RealtimeLimits) -> JSONValue {
    var messages = JSONObject()
    for row in operations { messages[requestKey(row)] = request(row, realtime) }
    for row in operations { messages[answerKey(row)] = answer(row.answer) }
    messages["refusal"] = refusal
    for row in EventRow.all { messages[eventKey(row)] = event(row) }
    return [
      "address": "/v1/socket", "title": "The socket", "description": .string(closing(realtime)),
      "messages": .object(messages), "bindings": ["ws": binding],
    ]
  }

  private static let binding: JSONValue = [
    "method": "GET",
    "headers": [
      "type": "object",
      "properties": [
        "Authorization": ["type": "string", "description": "Bearer and an access token, in place of `auth`."],
        "Sec-WebSocket-Protocol": [
          "type": "string", "description": "`martlet.v1.json` is among those that are offered.",
        ],
        "traceparent": [
          "type": "string", "description": "The trace to which the session belongs (W3C Trace Context).",
        ],
      ],
    ],
    "bindingVersion": "0.1.0",
  ]

  private static func closing(_ realtime: RealtimeLimits) -> String {
    let codes = CloseCode.allCases.map { "- \($0.rawValue) `\($0.name)`: \($0.summary)" }.joined(separator: "\n")
    return """
      Text messages only, each one JSON object, of at most \(realtime.frameBytesMax) bytes from a client. A token \
      never stands in the URL. The reason of a close frame is JSON, `{"code":"draining","retry_after_ms":1234}`, and \
      the range of its code says what to do: 40xx come back and resume, 41xx come back with a new token or session, \
      45xx do not come back by yourself.

      \(codes)
      """
  }

  // MARK: Messages

  private static func request(_ row: Operation, _ realtime: RealtimeLimits) -> JSONValue {
    let needsData = row.shape.fields.contains { $0.need == .required }
    let id: JSONValue = [
      "type": "string", "minLength": 1, "maxLength": .integer(Int64(realtime.idBytesMax)),
      "x-bytes-max": .integer(Int64(realtime.idBytesMax)), "description": "Names the request while it is under way.",
    ]
    return [
      "name": .string(row.name), "title": .string("\(row.name), asked"), "summary": .string(row.summary),
      "correlationId": ["location": "$message.payload#/id"],
      "payload": [
        "type": "object", "required": needsData ? ["id", "op", "d"] : ["id", "op"], "additionalProperties": false,
        "properties": [
          "id": id, "op": ["const": .string(row.name)],
          "d": ["$ref": .string("#/components/schemas/" + row.shape.name)],
        ],
      ],
    ]
  }

  private static func answer(_ data: DataShape) -> JSONValue {
    [
      "name": .string(data.name), "title": .string("An answer of \(data.name)"),
      "summary": "What was asked is done; which request it was says `re`.",
      "correlationId": ["location": "$message.payload#/re"],
      "payload": [
        "type": "object", "required": ["re", "ok", "d"],
        "properties": ["re": ["type": "string"], "ok": ["const": true], "d": data.reference],
      ],
    ]
  }

  private static let refusal: JSONValue = [
    "name": "refusal", "title": "A refusal",
    "summary": "What was asked is not done; `re` is null when the request had no id that could be read.",
    "correlationId": ["location": "$message.payload#/re"],
    "payload": [
      "type": "object", "required": ["re", "error"],
      "properties": ["re": ["type": ["string", "null"]], "error": DataShape.rest("Problem").reference],
    ],
  ]

  private static func event(_ row: EventRow) -> JSONValue {
    var properties: JSONObject = ["t": ["const": .string(row.name)]]
    if row.place != .none { properties["conv"] = place("The conversation's id.") }
    if row.place == .entry { properties["seq"] = place("Its place in the log: 1, 2, 3 … without holes.") }
    properties["d"] = row.data.reference
    return [
      "name": .string(row.name), "title": .string("\(row.name), told"), "summary": .string(row.summary),
      "payload": [
        "type": "object", "required": .array(properties.names.map { .string($0) }), "properties": .object(properties),
      ],
    ]
  }

  private static func place(_ summary: String) -> JSONValue {
    ["type": "integer", "minimum": 1, "maximum": .integer(JSONLimits.integerMax), "description": .string(summary)]
  }

  // MARK: Operations

  private static func operations(_ rows: [Operation]) -> JSONObject {
    var operations = JSONObject()
    for row in rows { operations[key(row.name)] = receive(row) }
    operations["hello"] = send("Greets, before anything else.", [eventKey(Hello.row)])
    operations["entries"] = send(
      "Tells what has happened in the user's conversations, in order.", EventRow.entries.map(eventKey))
    operations["signals"] = send("Tells what stands in no log; it may be lost.", EventRow.signals.map(eventKey))
    return operations
  }

  private static func receive(_ row: Operation) -> JSONValue {
    [
      "action": "receive", "channel": socket, "summary": .string(row.summary),
      "description": .string(row.rate.sentence), "messages": [message(requestKey(row))],
      "reply": ["channel": socket, "messages": [message(answerKey(row)), message("refusal")]],
    ]
  }

  private static func send(_ summary: String, _ keys: [String]) -> JSONValue {
    ["action": "send", "channel": socket, "summary": .string(summary), "messages": .array(keys.map(message))]
  }

  // MARK: Names

  private static let socket: JSONValue = ["$ref": "#/channels/socket"]

  private static func message(_ key: String) -> JSONValue { ["$ref": .string("#/channels/socket/messages/" + key)] }

  /// `messageSend` for `message.send`: generators make names of programs of the keys.
  private static func key(_ name: String) -> String {
    let parts = name.split(separator: ".")
    return parts.dropFirst().reduce(String(parts.first ?? "")) { $0 + $1.prefix(1).uppercased() + $1.dropFirst() }
  }

  private static func requestKey(_ row: Operation) -> String { key(row.name) + "Request" }
  /// Requests that are answered alike share one message.
  private static func answerKey(_ row: Operation) -> String {
    row.answer.name.prefix(1).lowercased() + row.answer.name.dropFirst() + "Answer"
  }
  private static func eventKey(_ row: EventRow) -> String { key(row.name) + "Event" }

  private static func schemas(_ operations: [Operation]) -> JSONObject {
    var schemas = JSONObject()
    for row in operations { schemas[row.shape.name] = row.shape.schema }
    for data in operations.map(\.answer) + EventRow.all.map(\.data) {
      if let schema = data.schema { schemas[data.name] = schema }
    }
    return schemas
  }
}

extension Operation.Rate {
  /// What the document says of it.
  fileprivate var sentence: String {
    switch self {
    case .none: "Not counted against a rate."
    case .send: "Counted as sending, in one bucket with REST (`MARTLET_RATE_SEND`); past it, 429 `rate_limited`."
    case .write: "Counted as a change, in one bucket with REST (`MARTLET_RATE_WRITE`); past it, 429 `rate_limited`."
    }
  }
}
