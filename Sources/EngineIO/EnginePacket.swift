/// One unit of Engine.IO: what one side says to the other.
///
/// - Shape: a digit and its data as text, `4hello`; a binary message of revision 4 is its bytes alone.
public enum EnginePacket: Sendable, Equatable {
  /// `0`: the terms of a session, as JSON; the server's first word.
  case open([UInt8])
  /// `1`: the end of the session.
  case close
  /// `2`: a question whether the other side lives, or `2probe` on a new transport.
  case ping([UInt8])
  /// `3`: its answer, with the same data.
  case pong([UInt8])
  /// `4`: a message of text, which is UTF-8.
  case text([UInt8])
  /// `b…` or bytes: a message of bytes.
  case binary([UInt8])
  /// `5`: the new transport takes over.
  case upgrade
  /// `6`: nothing; it ends a poll.
  case noop

  /// The data of the ping and the pong on a transport that is tried out.
  public static let probe = Array("probe".utf8)

  /// Bytes that it needs in a queue, near enough.
  public var byteCount: Int {
    switch self {
    case .open(let data), .ping(let data), .pong(let data), .text(let data), .binary(let data): data.count + 1
    case .close, .upgrade, .noop: 1
    }
  }

  /// Whether it has to travel as bytes.
  public var isBinary: Bool {
    if case .binary = self { return true }
    return false
  }
}

/// Why bytes are no packet, or a body no payload.
public enum PacketError: String, Error, Sendable, Equatable {
  case empty = "A packet has at least its type."
  case unknownType = "A packet begins with its type, 0 to 6."
  case notUTF8 = "Text is UTF-8."
  case base64 = "A binary packet is base64 with its padding."
  case length = "A length is at most nine digits and reaches to the end of its packet."
  case tooMany = "There are too many packets in one payload."
}

// MARK: Frames

extension EnginePacket {
  /// Reads a packet that came as text: a WebSocket's frame, or a part of a payload.
  ///
  /// - Parameter text: valid UTF-8; the one who framed it has checked that.
  public init(text: some Collection<UInt8>) throws(PacketError) {
    guard let type = text.first else { throw .empty }
    let data = text.dropFirst()
    switch type {
    case UInt8(ascii: "0"): self = .open(Array(data))
    case UInt8(ascii: "1"): self = .close
    case UInt8(ascii: "2"): self = .ping(Array(data))
    case UInt8(ascii: "3"): self = .pong(Array(data))
    case UInt8(ascii: "4"): self = .text(Array(data))
    case UInt8(ascii: "5"): self = .upgrade
    case UInt8(ascii: "6"): self = .noop
    default: throw .unknownType
    }
  }

  /// Reads a packet that came as a binary frame.
  ///
  /// In revision 3 its type stands before the bytes, as a number.
  public init(binary bytes: some Collection<UInt8>, version: EngineVersion) throws(PacketError) {
    switch version {
    case .v4: self = .binary(Array(bytes))
    case .v3:
      guard let type = bytes.first else { throw .empty }
      guard type == 4 else { throw .unknownType }
      self = .binary(Array(bytes.dropFirst()))
    }
  }

  /// The packet as a frame of a WebSocket: text, unless it is a binary message.
  public func frame(version: EngineVersion) -> [UInt8] {
    guard case .binary(let data) = self else {
      var out: [UInt8] = []
      appendText(to: &out)
      return out
    }
    return version == .v4 ? data : [4] + data
  }

  /// Appends the text form; a binary message has none of its own and is appended as its bytes.
  func appendText(to out: inout [UInt8]) {
    switch self {
    case .open(let data): append(UInt8(ascii: "0"), data, to: &out)
    case .close: out.append(UInt8(ascii: "1"))
    case .ping(let data): append(UInt8(ascii: "2"), data, to: &out)
    case .pong(let data): append(UInt8(ascii: "3"), data, to: &out)
    case .text(let data): append(UInt8(ascii: "4"), data, to: &out)
    case .binary(let data): out.append(contentsOf: data)
    case .upgrade: out.append(UInt8(ascii: "5"))
    case .noop: out.append(UInt8(ascii: "6"))
    }
  }

  private func append(_ type: UInt8, _ data: [UInt8], to out: inout [UInt8]) {
    out.reserveCapacity(out.count + data.count + 1)
    out.append(type)
    out.append(contentsOf: data)
  }
}
