import ChatCore
import Delivery
import EntryText
import JSONText
import SocketIO

/// How a session words what it says; what it says, and when, is the same on all wires.
enum SessionWire: Sendable {
  /// JSON frames over a WebSocket of its own.
  case native
  /// Packets of Socket.IO; with `recovers` each entry carries its offset, for clients that have asked for it.
  case socketIO(recovers: Bool)

  var format: WireFormat {
    switch self {
    case .native: .native
    case .socketIO(recovers: false): .socketIO
    case .socketIO(recovers: true): .socketIORecovering
    }
  }

  /// Whether the session asks now and then whether its client lives; Engine.IO does that for its own.
  var hasHeartbeat: Bool {
    switch self {
    case .native: true
    case .socketIO: false
    }
  }

  /// What answers a request that was done; nil when nobody waits for it.
  func reply(to id: String, _ body: ServerFrame.Body) -> EncodedFrame? {
    switch self {
    case .native: return ServerFrame.reply(to: id, body)
    case .socketIO:
      return SessionWire.ack(id) { writer in
        writer.member("ok", true)
        writer.key("d")
        body(&writer)
      }
    }
  }

  /// What answers a request that was refused; nil when nobody waits for it.
  func refusal(of id: String?, _ problem: Problem) -> EncodedFrame? {
    switch self {
    case .native: return ServerFrame.refusal(of: id, problem)
    case .socketIO:
      return SessionWire.ack(id) { writer in
        writer.key("error")
        problem.write(requestID: nil, to: &writer)
      }
    }
  }

  /// What says that a conversation goes on that was not there.
  func available(_ id: ConversationID, head: Int64, isBehind: Bool) -> EncodedFrame {
    let frame = ServerFrame.available(id, head: head, isBehind: isBehind)
    switch self {
    case .native: return EncodedFrame(frame)
    case .socketIO: return EncodedFrame(SocketPacket.event(ServerFrame.availableName, [frame]).text)
    }
  }

  /// Acks are named by their numbers; what has a negative one asked for none.
  private static func ack(_ id: String?, _ body: ServerFrame.Body) -> EncodedFrame? {
    guard let number = id.flatMap({ Int64($0) }), number >= 0 else { return nil }
    var writer = JSONWriter()
    writer.object(body)
    return EncodedFrame(SocketPacket.ack(number, [writer.finish()]).text)
  }
}

extension WireFormat {
  /// Socket.IO: an event of the name `t`, whose only argument is the native frame.
  ///
  /// - Shape: `2["message.created",{"t":"message.created","conv":5121,"seq":42,"d":{…}}]`
  public static let socketIO = WireFormat(
    name: "socketio",
    entry: { packet($0.event.name, native(of: $0)) },
    signal: { signal in
      var writer = JSONWriter()
      return writer.write(signal) ? packet(name(of: signal), writer.finish()) : nil
    },
    presence: { packet("presence", native(of: $0)) })

  /// The same for clients that recover: after the frame of an entry comes its offset, `"5121:42"`.
  public static let socketIORecovering = WireFormat(
    name: "socketio-recovering",
    entry: { packet($0.event.name, native(of: $0), Trail.offset(of: EntryPlace($0.conversation, $0.seq))) },
    signal: { signal in
      var writer = JSONWriter()
      return writer.write(signal) ? packet(name(of: signal), writer.finish()) : nil
    },
    presence: { packet("presence", native(of: $0)) })

  private static func native(of entry: Entry) -> [UInt8] {
    var writer = JSONWriter()
    EntryText.write(entry, to: &writer)
    return writer.finish()
  }

  private static func native(of presence: Presence) -> [UInt8] {
    var writer = JSONWriter()
    writer.write(presence)
    return writer.finish()
  }

  private static func packet(_ name: String, _ frame: [UInt8], _ offset: String? = nil) -> [UInt8] {
    SocketPacket.event(name, [frame] + (offset.map { [Array("\"\($0)\"".utf8)] } ?? [])).text
  }

  /// The `t` of a signal's frame.
  private static func name(of signal: Signal) -> String {
    switch signal {
    case .typing: "typing"
    case .read: "read"
    case .signedOut: "signed_out"
    case .accountGone: "account_gone"
    case .estranged: "estranged"
    case .relayed: "relayed"
    }
  }
}
