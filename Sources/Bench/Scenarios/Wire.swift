/// What is spoken with a target.
enum Wire: String, Sendable, CaseIterable {
  /// `GET /v1/socket`, subprotocol `martlet.v1.json`.
  case native
  /// Socket.IO over a WebSocket, the native operations as its events.
  case socketio
  /// Text frames: the first is `join <room>`, each other one is broadcast to the room, the sender included.
  case plain
  /// Anybody's Socket.IO server: an event with the room's name, then one for each text, by the names of ``PeerEvents``.
  case socketioPeer = "socketio-peer"
  /// MQTT 3.1.1 over a WebSocket: a room is a topic, a message is published with QoS 0.
  case mqtt
  /// XMPP over a WebSocket: guests in a room for many (XEP-0045), which sends each text to all, its sender too.
  case xmpp

  /// Whether acknowledgements and numbers make every delivery owed; a broadcaster promises nothing.
  var isReliable: Bool { self == .native || self == .socketio }
}

/// How a foreign server calls things.
struct PeerEvents: Sendable, Equatable {
  /// The client's event that enters a room, with its name.
  var join = "join"
  /// The client's event with a text for its room.
  var send = "send"
  /// The server's event with a text, to everybody in the room, the sender included.
  var message = "message"
  /// The domain of an XMPP server, whose rooms are at `conference.` and that.
  var domain = "localhost"
}
