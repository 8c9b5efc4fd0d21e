import HTTP1

/// Finds the row for a method and a path.
///
/// A path that is known under other methods is told apart from one that is unknown. Rows with a literal segment win
/// over rows with a parameter in the same place.
struct Router: Sendable {
  enum Match: Sendable {
    case endpoint(Endpoint, parameters: PathParameters)
    case otherMethods([Method])
    case unknown
  }

  private struct Route: Sendable {
    /// Where its row stands.
    let endpoint: Int
    let method: Method
    let segments: [Segment]
  }

  private enum Segment: Sendable {
    case literal(String)
    case parameter(String)
  }

  private let endpoints: [Endpoint]
  /// By number of segments, rows with literals first.
  private let routes: [Int: [Route]]

  init(_ endpoints: [Endpoint]) {
    self.endpoints = endpoints
    let all = endpoints.enumerated().map { (place, endpoint) in
      Route(endpoint: place, method: endpoint.method, segments: Router.segments(of: endpoint.path))
    }
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
    for route in routes[path.count] ?? [] where Router.fits(route.segments, path) {
      if route.method == wanted {
        return .endpoint(endpoints[route.endpoint], parameters: Router.parameters(of: route, in: path))
      }
      // `/v1/users/me` is also a `/v1/users/{user}`: each method counts once.
      if !others.contains(route.method) { others.append(route.method) }
    }
    if others.contains(.get) { others.append(.head) }
    return others.isEmpty ? .unknown : .otherMethods(others)
  }

  private static func fits(_ segments: [Segment], _ path: [String]) -> Bool {
    for place in segments.indices {
      switch segments[place] {
      case .literal(let text): if text != path[place] { return false }
      case .parameter: if path[place].isEmpty { return false }
      }
    }
    return true
  }

  private static func parameters(of route: Route, in path: [String]) -> PathParameters {
    var parameters = PathParameters()
    for place in route.segments.indices {
      if case .parameter(let name) = route.segments[place] { parameters.append(name, path[place]) }
    }
    return parameters
  }
}

/// The values of a path's parameters: so few that they are looked through.
struct PathParameters: Sendable {
  private var values: [(name: String, value: String)] = []

  /// Adds one; a row names each once.
  mutating func append(_ name: String, _ value: String) { values.append((name, value)) }

  subscript(name: String) -> String? { values.first { $0.name == name }?.value }
}
