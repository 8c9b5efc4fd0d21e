import JSONText

/// What the `d` of an answer or an event looks like, so that the document can say it.
struct DataShape: Sendable {
  /// The name of the schema: in the document's own components, or in those of REST.
  let name: String
  /// The schema under that name in the document's components; nil for one of REST's.
  let schema: JSONValue?

  /// The value that REST shows under that name.
  static func rest(_ name: String) -> DataShape { DataShape(name: name, schema: nil) }

  /// A shape of the socket's own; `rest` gives further members, each with the schema of REST that it has.
  static func own(_ shape: Shape, rest: [String: String] = [:]) -> DataShape {
    var schema = shape.schema(closed: false).object ?? [:]
    var properties = schema["properties"]?.object ?? [:]
    var required = schema["required"]?.array ?? []
    for (member, name) in rest.sorted(by: { $0.key < $1.key }) {
      properties[member] = DataShape.rest(name).reference
      required.append(.string(member))
    }
    schema["properties"] = .object(properties)
    if !required.isEmpty { schema["required"] = .array(required) }
    return DataShape(name: shape.name, schema: .object(schema))
  }

  /// The value that REST shows under `base`, with the members of the shape beside its own.
  static func rest(_ base: String, with shape: Shape) -> DataShape {
    let schema: JSONValue = ["allOf": [DataShape.rest(base).reference, shape.schema(closed: false)]]
    return DataShape(name: shape.name, schema: schema)
  }

  /// How the document refers to it. REST's schemas stand in the document beside it, which the same rows make.
  var reference: JSONValue {
    ["$ref": .string((schema == nil ? "/openapi.json" : "") + "#/components/schemas/" + name)]
  }
}
