import HTTP1

/// Finds the route for a method and a path; rows with a literal in a place win over rows with a parameter there.
struct PathTable: Sendable {
  enum Match: Sendable {
    case route(Route, path: [String])
    case otherMethods([Method])
    case unknown
  }

  private enum Segment: Sendable, Equatable {
    case literal(String), integer, id, text

    init(_ text: Substring) {
      switch text {
      case "<int>": self = .integer
      case "<id>": self = .id
      case "<text>": self = .text
      default: self = .literal(String(text))
      }
    }

    var isLiteral: Bool { if case .literal = self { true } else { false } }

    func takes(_ part: String) -> Bool {
      switch self {
      case .literal(let text): text == part
      case .integer: !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
      case .id, .text: !part.isEmpty
      }
    }
  }

  private struct Row: Sendable {
    let route: Route
    let segments: [Segment]
    var parameters: Int { segments.count { !$0.isLiteral } }
  }

  /// By number of segments, rows with literals first.
  private let rows: [Int: [Row]]

  init(_ routes: [Route]) {
    let all = routes.map { Row(route: $0, segments: $0.path.split(separator: "/").map(Segment.init)) }
    rows = Dictionary(grouping: all, by: \.segments.count).mapValues { rows in
      rows.sorted { $0.parameters < $1.parameters }
    }
  }

  /// HEAD is answered by GET's row.
  func match(_ method: Method, _ path: [String]) -> Match {
    let wanted = method == .head ? Method.get : method
    var others: [Method] = []
    for row in rows[path.count] ?? [] where zip(row.segments, path).allSatisfy({ $0.takes($1) }) {
      if row.route.method == wanted {
        return .route(row.route, path: zip(row.segments, path).filter { !$0.0.isLiteral }.map(\.1))
      }
      if !others.contains(row.route.method) { others.append(row.route.method) }
    }
    return others.isEmpty ? .unknown : .otherMethods(others)
  }
}
