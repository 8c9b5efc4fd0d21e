import ChatCore
import JSONText

/// Spans as OTLP's `ExportTraceServiceRequest` in JSON.
///
/// - Shape: `{"resourceSpans":[{"resource":{"attributes":[…]},"scopeSpans":[{"scope":{…},"spans":[…]}]}]}`
/// - Source: OpenTelemetry protocol, "JSON Protobuf Encoding": ids are hexadecimal, names are in lowerCamelCase,
///   enumerations are numbers, and 64-bit integers are texts.
enum SpanText {
  static func request(_ spans: [TraceSpan], resource: [(name: String, value: TraceSpan.Fact)]) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      list("resourceSpans", &writer) { writer in
        writer.member("resource", object: { attributes(resource, &$0) })
        list("scopeSpans", &writer) { writer in
          writer.member("scope", object: { $0.member("name", "martlet") })
          writer.member("spans", array: { writer in for span in spans { write(span, &writer) } })
        }
      }
    }
    return writer.finish()
  }

  /// A list of one object.
  private static func list(_ name: StaticString, _ writer: inout JSONWriter, _ body: (inout JSONWriter) -> Void) {
    writer.member(name, array: { $0.object(body) })
  }

  private static func write(_ span: TraceSpan, _ writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("traceId", span.trace)
      writer.member("spanId", span.id)
      if let parent = span.parent { writer.member("parentSpanId", parent) }
      writer.member("name", span.name)
      writer.member("kind", number(of: span.kind))
      writer.member("startTimeUnixNano", String(span.begun))
      writer.member("endTimeUnixNano", String(max(span.begun, span.ended)))
      attributes(span.facts, &writer)
      if span.hasFailed { writer.member("status", object: { $0.member("code", failed) }) }
    }
  }

  private static func attributes(_ facts: [(name: String, value: TraceSpan.Fact)], _ writer: inout JSONWriter) {
    writer.member(
      "attributes",
      array: { writer in
        for fact in facts {
          writer.object { writer in
            writer.member("key", fact.name)
            writer.member("value", object: { write(fact.value, &$0) })
          }
        }
      })
  }

  private static func write(_ value: TraceSpan.Fact, _ writer: inout JSONWriter) {
    switch value {
    case .text(let text): writer.member("stringValue", text)
    case .number(let number): writer.member("intValue", String(number))
    }
  }

  private static func number(of kind: TraceSpan.Kind) -> Int {
    switch kind {
    case .server: 2
    case .client: 3
    case .producer: 4
    }
  }

  /// `STATUS_CODE_ERROR`.
  private static let failed = 2
}
