import HTTP1

/// Finds the row for a method and a path.
///
/// A path that is known under other methods is told apart from one that is unknown. Rows with a literal segment win
/// over rows with a parameter in the same place.
struct Router: Sendable {
  enum Match: Sendable {
    case endpoint(Endpoint, parameters: [String: String])
    case otherMethods([Method])
    case unknown
  }

  private struct Route: Sendable {
    let endpoint: Endpoint
    let segments: [Segment]
  }

  private enum Segment: Sendable {
    case literal(String)
    case parameter(String)
  }

  /// By number of segments, rows with literals first.
  private let routes: [Int: [Route]]

  init(_ endpoints: [Endpoint]) {
    let all = endpoints.map { Route(endpoint: $0, segments: Router.segments(of: $0.path)) }
    routes = Dictionary(grouping: all, by: \.segments.count).mapValues { group in
      group.sorted { Router.parameters(in: $0) < Router.parameters(in: $1) }
    }
  }

  private static func segments(of path: String) -> [Segment] {
    path.split(separator: "/").map { part in
      part.hasPrefix("{") ? .parameter(String(part.dropFirst().dropLast())) : .literal(String(part))
    }
  }

  private static func parameters(in route: Route) -> Int {
    route.segments.reduce(into: 0) { count, segment in
      if case .parameter = segment { count += 1 }
    }
  }

  /// HEAD is answered by GET's row.
  func match(_ method: Method, _ path: [String]) -> Match {
    let wanted = method == .head ? Method.get : method
    var others: [Method] = []
    for route in routes[path.count] ?? [] where Router.fits(route, path) {
      if route.endpoint.method == wanted {
        return .endpoint(route.endpoint, parameters: Router.parameters(of: route, in: path))
      }
      // `/v1/users/me` is also a `/v1/users/{user}`: each method counts once.
      if !others.contains(route.endpoint.method) { others.append(route.endpoint.method) }
    }
    if others.contains(.get) { others.append(.head) }
    return others.isEmpty ? .unknown : .otherMethods(others)
  }

  private static func fits(_ route: Route, _ path: [String]) -> Bool {
    for (segment, part) in zip(route.segments, path) {
      switch segment {
      case .literal(let text): if text != part { return false }
      case .parameter: if part.isEmpty { return false }
      }
    }
    return true
  }

  private static func parameters(of route: Route, in path: [String]) -> [String: String] {
    var parameters: [String: String] = [:]
    for (segment, part) in zip(route.segments, path) {
      if case .parameter(let name) = segment { parameters[name] = part }
    }
    return parameters
  }
}
