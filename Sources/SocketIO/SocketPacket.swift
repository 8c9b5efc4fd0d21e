/// What a packet of Socket.IO is.
public enum SocketPacketKind: UInt8, Sendable, Equatable, CaseIterable {
  /// `0`: into a namespace, and the answer that one is in.
  case connect = 0
  /// `1`: out of it.
  case disconnect = 1
  /// `2`: something has happened.
  case event = 2
  /// `3`: the answer to an event that asked for one.
  case ack = 3
  /// `4`: not into this namespace.
  case connectError = 4
  /// `5`: an event with attachments.
  case binaryEvent = 5
  /// `6`: an answer with attachments.
  case binaryAck = 6
}

/// One packet of Socket.IO.
///
/// - Shape: `42["message",1]` behind Engine.IO's 4; `2/admin,7["message",1]` with a namespace and an ack's number;
///   `51-["file",{"_placeholder":true,"num":0}]` before one binary frame.
/// - Source: the Socket.IO protocol, revision 5.
public struct SocketPacket: Sendable, Equatable {
  /// What it is.
  public var kind: SocketPacketKind
  /// The namespace, `/` by default.
  public var namespace: String
  /// The ack's number.
  public var id: Int64?
  /// The payload as JSON text, with placeholders for the attachments; empty without one.
  public var payload: [UInt8]
  /// The attachments, by the numbers of their placeholders.
  public var attachments: [[UInt8]]

  /// A packet by its parts.
  public init(
    _ kind: SocketPacketKind, namespace: String = "/", id: Int64? = nil, payload: [UInt8] = [],
    attachments: [[UInt8]] = []
  ) {
    self.kind = kind
    self.namespace = namespace
    self.id = id
    self.payload = payload
    self.attachments = attachments
  }

  /// The text that opens the packet; the attachments follow as binary messages of their own.
  public var text: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(payload.count + namespace.utf8.count + 24)
    out.append(UInt8(ascii: "0") &+ kind.rawValue)
    if kind == .binaryEvent || kind == .binaryAck {
      out.append(contentsOf: String(attachments.count).utf8)
      out.append(UInt8(ascii: "-"))
    }
    if namespace != "/" {
      out.append(contentsOf: namespace.utf8)
      out.append(UInt8(ascii: ","))
    }
    if let id { out.append(contentsOf: String(id).utf8) }
    out.append(contentsOf: payload)
    return out
  }
}

extension SocketPacket {
  /// An event, with attachments if there are some.
  ///
  /// - Parameter arguments: each a JSON text.
  public static func event(
    _ name: String, _ arguments: [[UInt8]], namespace: String = "/", id: Int64? = nil, attachments: [[UInt8]] = []
  ) -> SocketPacket {
    SocketPacket(
      attachments.isEmpty ? .event : .binaryEvent, namespace: namespace, id: id,
      payload: JSONList.text([JSONList.string(name)] + arguments), attachments: attachments)
  }

  /// An answer to an event.
  public static func ack(
    _ id: Int64, _ arguments: [[UInt8]], namespace: String = "/", attachments: [[UInt8]] = []
  ) -> SocketPacket {
    SocketPacket(
      attachments.isEmpty ? .ack : .binaryAck, namespace: namespace, id: id, payload: JSONList.text(arguments),
      attachments: attachments)
  }

  /// The answer that a client is in a namespace.
  public static func connected(_ namespace: String, sid: String, pid: String? = nil) -> SocketPacket {
    var payload = Array("{\"sid\":".utf8) + JSONList.string(sid)
    if let pid { payload += Array(",\"pid\":".utf8) + JSONList.string(pid) }
    return SocketPacket(.connect, namespace: namespace, payload: payload + [0x7D])
  }

  /// The answer that he is not let in.
  ///
  /// - Parameter data: a JSON text that the client finds in the error's `data`.
  public static func refused(_ namespace: String, message: String, data: [UInt8]? = nil) -> SocketPacket {
    var payload = Array("{\"message\":".utf8) + JSONList.string(message)
    if let data { payload += Array(",\"data\":".utf8) + data }
    return SocketPacket(.connectError, namespace: namespace, payload: payload + [0x7D])
  }
}

/// JSON that a packet is made of.
enum JSONList {
  static func text(_ elements: [[UInt8]]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(elements.reduce(2) { $0 + $1.count + 1 })
    out.append(UInt8(ascii: "["))
    for (place, element) in elements.enumerated() {
      if place > 0 { out.append(UInt8(ascii: ",")) }
      out.append(contentsOf: element)
    }
    out.append(UInt8(ascii: "]"))
    return out
  }

  static func string(_ text: String) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.utf8.count + 2)
    out.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): out.append(contentsOf: [UInt8(ascii: "\\"), byte])
      case 0..<0x20:
        let digits = Array("0123456789abcdef".utf8)
        out.append(contentsOf: Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]])
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
    return out
  }
}
