/// Which side of a connection this is: clients mask their frames, servers do not.
public enum Role: Sendable, Equatable {
  /// Masks what it sends; takes only unmasked frames.
  case client
  /// Sends unmasked; takes only masked frames.
  case server
}

/// What a frame is.
///
/// - Source: RFC 6455 section 5.2.
public enum Opcode: UInt8, Sendable, Equatable {
  /// A further piece of a message.
  case continuation = 0x0
  /// A text message, or its first piece.
  case text = 0x1
  /// A binary message, or its first piece.
  case binary = 0x2
  /// The end of the conversation.
  case close = 0x8
  /// A question whether the other side lives.
  case ping = 0x9
  /// Its answer.
  case pong = 0xA

  /// True for frames that stand between the pieces of a message.
  public var isControl: Bool { rawValue >= 0x8 }
}

/// How much of a message is taken before the connection is closed.
public struct MessageLimits: Sendable, Equatable {
  /// Bytes of a message after decompression: 64 KiB, several times the longest text that a chat has (1009).
  public var messageBytesMax: Int

  /// Frames of one message: 1,000, so that a flood of empty fragments ends (1008).
  public var framesPerMessageMax: Int

  /// How many bytes one compressed byte may become, in messages over 64 KiB: 100; text stays under 20 (1009).
  public var inflationRatioMax: Int

  /// Limits with their defaults.
  public init(messageBytesMax: Int = 64 * 1024, framesPerMessageMax: Int = 1000, inflationRatioMax: Int = 100) {
    self.messageBytesMax = messageBytesMax
    self.framesPerMessageMax = framesPerMessageMax
    self.inflationRatioMax = inflationRatioMax
  }

  /// Bytes of a control frame's payload: 125 (RFC 6455 section 5.5).
  public static let controlBytesMax = 125

  /// Messages up to this many bytes may inflate at any ratio: 64 KiB, which a connection may hold anyway.
  static let freeInflationBytes = 64 * 1024

  /// Compressed bytes of a message beyond its limit: 16 KiB, for blocks and flushes that carry no data of their own.
  static let compressedSlackBytes = 16 * 1024
}

/// Why the connection has to be closed: what the other side did, and the code that tells him.
public struct ProtocolFailure: Error, Equatable, Sendable {
  /// The code for the close frame.
  public let code: CloseCode

  /// A short phrase for the close frame and the log.
  public let reason: String

  /// A failure by its parts.
  public init(_ code: CloseCode, _ reason: String) {
    self.code = code
    self.reason = reason
  }
}

extension ProtocolFailure {
  static let reservedBits = ProtocolFailure(.protocolError, "reserved bits are set")
  static let reservedOpcode = ProtocolFailure(.protocolError, "reserved opcode")
  static let fragmentedControl = ProtocolFailure(.protocolError, "fragmented control frame")
  static let longControl = ProtocolFailure(.protocolError, "control frame over 125 bytes")
  static let unmasked = ProtocolFailure(.protocolError, "client frame without mask")
  static let masked = ProtocolFailure(.protocolError, "server frame with mask")
  static let lengthForm = ProtocolFailure(.protocolError, "length not in its shortest form")
  static let nothingToContinue = ProtocolFailure(.protocolError, "continuation without a message")
  static let messageInMessage = ProtocolFailure(.protocolError, "new message inside a message")
  static let closePayload = ProtocolFailure(.protocolError, "close frame with half a code")
  static let closeCode = ProtocolFailure(.protocolError, "close code not allowed")
  static let invalidText = ProtocolFailure(.invalidData, "text is not UTF-8")
  static let invalidDeflate = ProtocolFailure(.invalidData, "compressed data is broken")
  static let messageTooBig = ProtocolFailure(.messageTooBig, "message too big")
  static let inflationRatio = ProtocolFailure(.messageTooBig, "message inflates too much")
  static let tooManyFrames = ProtocolFailure(.policyViolation, "message in too many frames")
}
