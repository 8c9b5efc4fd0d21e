import API
import ChatCore
import HTTP1
import JSONText
import TestKit
import Testing

@Suite("The OpenAPI document")
struct OpenAPITests {
  @Test func `has every row under its path and method, and nothing else`() async throws {
    let (door, document) = try await served()
    var found: [String: String] = [:]
    for path in document["paths"]?.object?.entries ?? [] {
      for (method, operation) in operations(path.value) {
        found[method.uppercased() + " " + path.name] = operation["operationId"]?.string
      }
    }
    let rows = Dictionary(uniqueKeysWithValues: door.rows.map { ($0.method.rawValue + " " + $0.path, $0.name) })
    #expect(found == rows)
    #expect(Set(found.values).count == rows.count, "operation ids are unique")
    #expect(document["openapi"]?.string == "3.1.0")
    #expect(document["info"]?["version"]?.string == "1.2.3")
  }

  @Test func `every reference leads somewhere, and every schema is used`() async throws {
    let (_, document) = try await served()
    var references: Set<String> = []
    walk(document) { if let reference = $0["$ref"]?.string { references.insert(reference) } }
    for reference in references {
      let place = reference.split(separator: "/").dropFirst().reduce(document as JSONValue?) { $0?[String($1)] }
      #expect(place?.object != nil, "\(reference)")
    }
    for name in document["components"]?["schemas"]?.object?.names ?? [] {
      #expect(references.contains("#/components/schemas/" + name))
    }
  }

  @Test func `each operation names its parameters, body, answers and refusals`() async throws {
    let (door, document) = try await served()
    for row in door.rows {
      let operation = try #require(document["paths"]?[row.path]?[row.method.rawValue.lowercased()])
      let parameters = operation["parameters"]?.array ?? []
      let inPath = parameters.filter { $0["in"] == "path" }.compactMap { $0["name"]?.string }
      #expect(inPath.allSatisfy { row.path.contains("{\($0)}") }, "\(row.name)")
      #expect(inPath.count == row.path.count { $0 == "{" }, "\(row.name)")
      #expect(named(parameters, in: "query") == (row.query?.fields ?? []).map(\.name))
      #expect(named(parameters, in: "header") == (row.headers?.fields ?? []).map(\.name))
      for parameter in parameters {
        #expect(parameter["schema"]?.object?.isEmpty == false && parameter["description"]?.string?.isEmpty == false)
      }
      #expect((operation["requestBody"] != nil) == (row.body != nil || row.takesFile), "\(row.name)")
      #expect(operation["security"] == (row.access == .open ? [] : [["bearer": []]]))
      let statuses = operation["responses"]?.object?.names.compactMap { Int($0) } ?? []
      #expect(Set(row.answers.map(\.status) + row.refusals).isSubset(of: statuses))
      for response in operation["responses"]?.object?.entries ?? [] where response.value["$ref"] == nil {
        #expect(response.value["description"]?.string?.isEmpty == false)
      }
    }
  }

  @Test func `schemas of one name are one schema`() async throws {
    let door = try await Door.open()
    var schemas: [String: JSONValue] = [:]
    for row in door.rows {
      for shape in [row.body].compactMap({ $0 }) {
        #expect(schemas[shape.name].map { $0 == shape.schema } ?? true, "\(shape.name)")
        schemas[shape.name] = shape.schema
      }
      for shape in row.answers.compactMap(\.shape) {
        let schema = shape.schema(closed: false)
        #expect(schemas[shape.name].map { $0 == schema } ?? true, "\(shape.name)")
        schemas[shape.name] = schema
      }
    }
  }

  @Test func `sentences end, and no row is without one`() async throws {
    for row in try await Door.open().rows {
      #expect(row.summary.hasSuffix("."), "\(row.name)")
      for field in (row.body?.fields ?? []) + (row.query?.fields ?? [])
        + row.answers.flatMap({ $0.shape?.fields ?? [] })
      {
        #expect(field.summary.hasSuffix(".") || field.summary.hasSuffix("…"), "\(row.name) \(field.name)")
      }
    }
  }

  @Test func `the documents say what is served, and keys may be kept`() async throws {
    let door = try await Door.open()
    let info = await door.send(.get, "/v1/info")
    #expect(info["version"]?.string == "1.2.3")
    #expect(info["limits"]?["text_bytes"]?.integer == 16_384)
    #expect(info["limits"]?["page"]?.integer == 100)
    let keys = await door.send(.get, "/.well-known/jwks.json")
    #expect(keys.json == Door.keys)
    #expect(keys.headers["cache-control"] == "public, max-age=300")
    #expect(info.headers["cache-control"] == "no-store")
  }

  @Test func `the socket's document is served as it was given, to anyone, and may be kept as long`() async throws {
    let door = try await Door.open()
    let document = await door.send(.get, "/asyncapi.json")
    #expect(document.body == Door.asyncAPI.bytes)
    #expect(document.headers["cache-control"] == "public, max-age=300")
    #expect(await door.send(.get, "/openapi.json").headers["cache-control"] == "public, max-age=300")
    let head = await door.send(raw: [], .head, "/asyncapi.json", headers: [:])
    #expect(head.status == 200 && head.headers["content-type"] == document.headers["content-type"])
    #expect(head.headers["cache-control"] == "public, max-age=300")
  }

  private func served() async throws -> (Door, JSONValue) {
    let door = try await Door.open()
    return (door, await door.send(.get, "/openapi.json").json)
  }

  private func named(_ parameters: [JSONValue], in place: String) -> [String] {
    parameters.filter { $0["in"]?.string == place }.compactMap { $0["name"]?.string }
  }

  private func operations(_ path: JSONValue) -> [(String, JSONValue)] {
    (path.object?.entries ?? []).map { ($0.name, $0.value) }
  }

  private func walk(_ value: JSONValue, _ visit: (JSONValue) -> Void) {
    visit(value)
    for element in value.array ?? [] { walk(element, visit) }
    for entry in value.object?.entries ?? [] { walk(entry.value, visit) }
  }
}
