import ChatCore
import HTTP1
import JSONText

/// The OpenAPI 3.1 document, made from the rows that the router and the checks use, so that they cannot differ.
///
/// - Source: OpenAPI 3.1.0; schemas are JSON Schema 2020-12.
enum OpenAPI {
  static func document(_ endpoints: [Endpoint], version: String) -> JSONValue {
    var paths = JSONObject()
    for path in ordered(endpoints.map(\.path)) {
      paths.insert(path, .object(item(endpoints.filter { $0.path == path })))
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Martlet", "version": .string(version),
        "description": "Conversations between people. An acknowledged message is stored, once, in one order.",
        "license": ["name": "See the repository"],
      ],
      "servers": [["url": "/"]],
      "paths": .object(paths),
      "components": [
        "securitySchemes": ["bearer": ["type": "http", "scheme": "bearer", "bearerFormat": "JWT"]],
        "schemas": .object(schemas(endpoints)),
        "responses": [
          "Problem": [
            "description": "What was refused and why (RFC 9457).",
            "content": ["application/problem+json": ["schema": reference(Schemas.problem)]],
          ]
        ],
      ],
    ]
  }

  private static func ordered(_ paths: [String]) -> [String] {
    var seen: Set<String> = []
    return paths.filter { seen.insert($0).inserted }
  }

  private static func item(_ endpoints: [Endpoint]) -> JSONObject {
    var item = JSONObject()
    for endpoint in endpoints { item.insert(endpoint.method.rawValue.lowercased(), .object(operation(endpoint))) }
    return item
  }

  private static func operation(_ endpoint: Endpoint) -> JSONObject {
    var operation: JSONObject = [
      "operationId": .string(endpoint.name), "summary": .string(endpoint.summary),
      "parameters": .array(pathParameters(endpoint.path) + parameters(endpoint)),
      "responses": .object(responses(endpoint)),
      "security": endpoint.access == .open ? [] : [["bearer": []]],
    ]
    if let body = endpoint.body {
      operation.insert(
        "requestBody",
        ["required": .bool(!endpoint.isBodyOptional), "content": ["application/json": ["schema": reference(body)]]])
    }
    if endpoint.takesFile {
      let form: JSONValue = [
        "type": "object", "required": ["file"], "additionalProperties": false,
        "properties": ["file": ["type": "string", "contentMediaType": "application/octet-stream"]],
      ]
      let content: JSONValue = ["application/octet-stream": [:], "multipart/form-data": ["schema": form]]
      operation.insert("requestBody", ["required": true, "content": content])
    }
    return operation
  }

  private static func parameters(_ endpoint: Endpoint) -> [JSONValue] {
    (endpoint.query?.parameters() ?? []) + (endpoint.headers?.parameters(in: "header") ?? [])
  }

  private static func pathParameters(_ path: String) -> [JSONValue] {
    path.split(separator: "/").filter { $0.hasPrefix("{") }.map { part in
      let name = String(part.dropFirst().dropLast())
      guard name != "emoji" else { return emoji }
      let id: JSONValue = ["type": "integer", "minimum": 1, "maximum": .integer(JSONLimits.integerMax)]
      let orMe: JSONValue = ["oneOf": [id, ["type": "string", "const": "me"]]]
      let isOwn = name == "user" || name == "session"
      return [
        "name": .string(name), "in": "path", "required": true,
        "description": .string("The \(name)'s id" + (isOwn ? ", or `me` for the caller's own." : ".")),
        "schema": isOwn ? orMe : id,
      ]
    }
  }

  private static let emoji: JSONValue = [
    "name": "emoji", "in": "path", "required": true, "description": "One emoji, percent-encoded UTF-8.",
    "schema": ["type": "string", "minLength": 1],
  ]

  private static func responses(_ endpoint: Endpoint) -> JSONObject {
    var responses = JSONObject()
    for row in endpoint.answers {
      var response: JSONObject = ["description": .string(row.summary)]
      if let shape = row.shape {
        response.insert("content", ["application/json": ["schema": reference(shape)]])
      }
      if row.isFile { response.insert("content", ["*/*": [:]]) }
      responses.insert(String(row.status), .object(response))
    }
    for status in refusals(endpoint) where responses[String(status)] == nil {
      responses.insert(String(status), ["$ref": "#/components/responses/Problem"])
    }
    return responses
  }

  /// The refusals of the row, and those that follow from what it takes.
  private static func refusals(_ endpoint: Endpoint) -> [Int] {
    var all = Set(endpoint.refusals)
    all.formUnion([400, 500, 503])
    if endpoint.access == .signedIn { all.insert(401) }
    if endpoint.path.contains("{") { all.insert(404) }
    if endpoint.body != nil { all.formUnion([413, 415]) }
    if endpoint.rate != .none { all.insert(429) }
    return all.sorted()
  }

  private static func schemas(_ endpoints: [Endpoint]) -> JSONObject {
    var schemas = JSONObject()
    schemas.insert(Schemas.problem.name, Schemas.problem.schema(closed: false))
    for endpoint in endpoints {
      if let body = endpoint.body, schemas[body.name] == nil { schemas.insert(body.name, body.schema) }
      for shape in endpoint.answers.compactMap(\.shape) where schemas[shape.name] == nil {
        schemas.insert(shape.name, shape.schema(closed: false))
      }
    }
    return schemas
  }

  private static func reference(_ shape: Shape) -> JSONValue { ["$ref": .string("#/components/schemas/" + shape.name)] }
}
