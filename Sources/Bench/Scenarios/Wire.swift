/// What is spoken with a target.
public enum Wire: String, Sendable, CaseIterable {
  /// `GET /v1/socket`, subprotocol `martlet.v1.json`.
  case native
  /// Socket.IO over a WebSocket, the native operations as its events.
  case socketio
  /// Text frames: the first is `join <room>`, each other one is broadcast to the room, the sender included.
  case plain

  /// Whether acknowledgements and numbers make every delivery owed; a broadcaster promises nothing.
  public var isReliable: Bool { self != .plain }
}
