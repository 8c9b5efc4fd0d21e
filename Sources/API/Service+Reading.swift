import ChatCore
import EntryText
import HTTP1
import JSONText

/// What a request brings, read by its row's shapes.
extension Service {
  func query(_ endpoint: Endpoint, _ request: Request) throws(Refused) -> Members {
    let given: Query
    do throws(Query.Failure) {
      given = try Query(request.head.query)
    } catch {
      throw Refused(RequestRefusal.invalidQuery.problem())
    }
    return try Service.read(given.parameters, as: endpoint.query)
  }

  /// The fields that the row names; one that stands twice is refused, others are not looked at.
  func headers(_ endpoint: Endpoint, _ request: Request) throws(Refused) -> Members {
    let given = (endpoint.headers?.fields ?? []).flatMap { field in
      request.headers.values(for: field.name).map { (name: field.name, value: $0) }
    }
    return try Service.read(given, as: endpoint.headers)
  }

  func body(_ endpoint: Endpoint, _ request: Request) throws(Refused) -> Members {
    if endpoint.takesFile { return try Service.read([:], as: nil) }
    guard let shape = endpoint.body, !(endpoint.isBodyOptional && request.body.isEmpty) else {
      return try Service.read([:], as: endpoint.body)
    }
    // Who sends nothing is told that something is missing, not that its type is wrong.
    if !request.body.isEmpty { try JSONBody.check(request.headers) }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue(parsing: request.body)
    } catch {
      throw Refused(Problem(error, in: request.body.span))
    }
    return try Service.read(value, as: shape)
  }

  /// A file as it came; its Content-Type only tells whether it is a form.
  func upload(_ endpoint: Endpoint, _ request: Request) throws(Refused) -> Upload {
    guard endpoint.takesFile else { return .none }
    guard !request.headers.contains("content-encoding") else {
      throw Refused(RequestRefusal.unsupportedMediaType.problem("A file is taken as it is, without Content-Encoding."))
    }
    let types = request.headers.values(for: "content-type")
    let type = types.first.flatMap(MediaType.init(parsing:))
    guard types.count <= 1, type != nil || types.isEmpty else {
      throw Refused(RequestRefusal.unsupportedMediaType.problem("The Content-Type is no media type."))
    }
    return Upload(type: type, body: request.body)
  }

  private static func read(_ parameters: [(name: String, value: String)], as shape: Shape?) throws(Refused) -> Members {
    do throws(ShapeErrors) {
      return try (shape ?? nothing).read(query: parameters)
    } catch {
      throw Refused(Problem(error))
    }
  }

  private static func read(_ value: JSONValue, as shape: Shape?) throws(Refused) -> Members {
    do throws(ShapeErrors) {
      return try (shape ?? nothing).read(value)
    } catch {
      throw Refused(Problem(error))
    }
  }

  private static let nothing = Shape("Nothing", [])
}
