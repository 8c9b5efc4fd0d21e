extension Shape {
  /// The JSON Schema of a request: unknown members are refused.
  ///
  /// - Source: JSON Schema 2020-12, as OpenAPI 3.1 and AsyncAPI 3 embed it.
  public var schema: JSONValue { schema(closed: true) }

  /// The JSON Schema; of a response when not closed: members may be added later.
  public func schema(closed: Bool) -> JSONValue {
    switch body {
    case .fields(let fields): return Self.schema(fields, closed: closed)
    case .variants(let member, let variants):
      let schemas = variants.map { variant -> JSONValue in
        let decider = Field(member, .required, .oneOf([variant.word]), variant.summary)
        var object = Self.schema([decider] + variant.fields, closed: closed).object ?? [:]
        object["title"] = .string(variant.word)
        object["description"] = .string(variant.summary)
        return .object(object)
      }
      return ["oneOf": .array(schemas)]
    }
  }

  private static func schema(_ fields: [Field], closed: Bool) -> JSONValue {
    var properties = JSONObject()
    for field in fields { properties[field.name] = field.schema(closed: closed) }
    var schema: JSONObject = ["type": "object", "properties": .object(properties)]
    let required = fields.filter { $0.need == .required }.map { JSONValue.string($0.name) }
    if !required.isEmpty { schema["required"] = .array(required) }
    if closed { schema["additionalProperties"] = false }
    return .object(schema)
  }

  /// The rows as OpenAPI parameters: `in` is `query`, `path` or `header`.
  public func parameters(in location: String = "query") -> [JSONValue] {
    fields.map { field in
      var schema = field.kind.schema(closed: true)
      if let standard = field.standard { schema["default"] = standard }
      var parameter: JSONObject = [
        "name": .string(field.name), "in": .string(location), "required": .bool(field.need == .required),
        "description": .string(field.summary), "schema": .object(schema),
      ]
      if case .array = field.kind, location == "query" {
        parameter["style"] = "form"
        parameter["explode"] = false
      }
      return .object(parameter)
    }
  }
}

extension Field {
  func schema(closed: Bool) -> JSONValue {
    var schema = kind.schema(closed: closed)
    if need != .required { Self.allowNull(&schema) }
    schema["description"] = .string(summary)
    if let standard { schema["default"] = standard }
    return .object(schema)
  }

  private static func allowNull(_ schema: inout JSONObject) {
    if let type = schema["type"] {
      schema["type"] = [type, "null"]
      if let words = schema["enum"]?.array { schema["enum"] = .array(words + [.null]) }
    } else if let choices = schema["oneOf"]?.array {
      schema["oneOf"] = .array(choices + [["type": "null"]])
    }
  }
}

extension Field.Kind {
  func schema(closed: Bool) -> JSONObject {
    switch self {
    case .string(let bytes, let pattern):
      // JSON Schema counts characters, the limit counts bytes: a character has one to four.
      var schema: JSONObject = [
        "type": "string", "minLength": .integer(Int64((bytes.lowerBound + 3) / 4)),
        "maxLength": .integer(Int64(bytes.upperBound)), "x-bytes-max": .integer(Int64(bytes.upperBound)),
      ]
      if let pattern { schema["pattern"] = .string(pattern.expression) }
      return schema
    case .integer(let range):
      return ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
    case .number(let range):
      return ["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
    case .bool: return ["type": "boolean"]
    case .oneOf(let words): return ["type": "string", "enum": .array(words.map { .string($0) })]
    case .array(let kind, let count):
      return [
        "type": "array", "items": .object(kind.schema(closed: closed)), "minItems": .integer(Int64(count.lowerBound)),
        "maxItems": .integer(Int64(count.upperBound)),
      ]
    case .object(let shape): return shape.schema(closed: closed).object ?? [:]
    case .map(let names, let values, let count):
      return [
        "type": "object", "propertyNames": .object(names.nameSchema),
        "additionalProperties": .object(values.schema(closed: closed)),
        "minProperties": .integer(Int64(count.lowerBound)), "maxProperties": .integer(Int64(count.upperBound)),
      ]
    case .any: return [:]
    }
  }

  /// The schema of a member's name, which is always a string.
  private var nameSchema: JSONObject {
    if case .integer = self { return ["type": "string", "pattern": "^(0|-?[1-9][0-9]{0,15})$"] }
    return schema(closed: true)
  }
}
