import EngineIO
import EngineServing
import IORuntime
import SocketIO

/// Sends each message of a session of Engine.IO back.
final class EngineEcho: EngineListener {
  private let session: EngineSession

  init(_ session: EngineSession) {
    self.session = session
    // Whoever it is, he is welcome.
    session.settle()
  }

  func received(text: [UInt8]) { session.send(text: text) }
  func received(binary: [UInt8]) { session.send(binary: binary) }
  func closed(_ end: EngineEnd) {}
}

/// Two namespaces of Socket.IO; what is said in the first is said back.
final class SocketEcho: SocketProgram {
  private static let namespaces: Set<String> = ["/", "/custom"]
  /// Milliseconds between letting in and the first event by WebSocket: 10, so that they come in two segments; a client
  /// that asks for one packet at a time would miss the second of two that come at once.
  private static let pause: Int64 = 10

  func asked(namespace: String, auth: [UInt8], by client: SocketIOClient) {
    guard SocketEcho.namespaces.contains(namespace) else {
      return client.refuse(namespace, message: "Invalid namespace")
    }
    client.accept(namespace)
    let auth = auth.isEmpty ? Array("{}".utf8) : auth
    guard client.session.isOnSocket else { return client.emit("auth", [auth], namespace: namespace) }
    client.session.loop.schedule(after: SocketEcho.pause) { [weak client] in
      client?.emit("auth", [auth], namespace: namespace)
    }
  }

  func happened(_ event: SocketEvent, by client: SocketIOClient) {
    guard event.namespace == "/" else { return }
    let arguments = event.arguments
    switch event.name {
    case "message": client.emit("message-back", arguments.texts, attachments: arguments.attachments)
    case "message-with-ack":
      guard let id = event.ackID else { return }
      client.acknowledge(id, arguments.texts, attachments: arguments.attachments)
    default: break
    }
  }

  func left(namespace: String, client: SocketIOClient) {}
  func ended(_ client: SocketIOClient) {}
}
