import ChatCore
import EntryText
import JSONText

/// Requests that come as events of Socket.IO.
extension SocketSession {
  /// An event came: an operation of that name, with one object.
  ///
  /// - Parameters:
  ///   - arguments: each a JSON text.
  ///   - hasAttachments: whether bytes came with it, which no operation takes.
  ///   - ack: the number under which the client waits for the answer; nil when he does not.
  public func received(event name: String, _ arguments: [[UInt8]], hasAttachments: Bool, ack: Int64?) {
    guard !machine.hasEnded else { return }
    unheard &+= 1
    let id = String(ack ?? -Int64(unheard))
    guard arguments.count <= 1, !hasAttachments else { return turnDown(id, name, .notOneObject) }
    switch SocketSession.object(arguments.first, bytesMax: door.limits.frameBytesMax) {
    case .success(let data): take(ClientFrame(id: id, operation: name, data: data))
    case .failure(let refusal): turnDown(id, name, refusal.problem)
    }
  }

  /// Refuses an event for which there is no room even to wait.
  public func turnDown(event name: String, ack: Int64?) {
    guard !machine.hasEnded else { return }
    unheard &+= 1
    turnDown(String(ack ?? -Int64(unheard)), name, .tooManyRequests(door.limits.inFlightMax))
  }

  /// Refuses what never was under way; another request may be, under the same number.
  private func turnDown(_ id: String, _ name: String, _ problem: Problem) {
    record(door.operation(name)?.name ?? "unknown", problem.code)
    send(wire.refusal(of: id, problem))
  }

  private static func object(_ argument: [UInt8]?, bytesMax: Int) -> Result<JSONValue, Ticket.Refusal> {
    guard let argument else { return .success(.object(JSONObject())) }
    do throws(JSONError) {
      let value = try JSONValue(parsing: argument, limits: JSONLimits(bytesMax: bytesMax))
      if value.isNull { return .success(.object(JSONObject())) }
      return value.object == nil ? .failure(.init(problem: .notOneObject)) : .success(value)
    } catch {
      return .failure(.init(problem: Problem(error, in: argument.span)))
    }
  }
}
