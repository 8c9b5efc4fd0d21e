/// Where a message's or control frame's bytes are.
public enum Payload: Sendable, Equatable {
  /// Unmasked in place, in the bytes that were given to the parser; gone with them.
  case input(Range<Int>)
  /// Put together from pieces, or inflated.
  case assembled([UInt8])

  /// How many bytes.
  public var count: Int {
    switch self {
    case .input(let range): return range.count
    case .assembled(let bytes): return bytes.count
    }
  }

  /// Gives the bytes, without a copy; `input` is what was given to the parser.
  public func withBytes<Result>(
    in input: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    switch self {
    case .input(let range): return try body(UnsafeRawBufferPointer(rebasing: input[range]))
    case .assembled(let bytes): return try bytes.withUnsafeBytes(body)
    }
  }

  /// The bytes as an array of its own; `input` is what was given to the parser.
  public func array(in input: UnsafeMutableRawBufferPointer) -> [UInt8] {
    switch self {
    case .input(let range): return Array(input[range])
    case .assembled(let bytes): return bytes
    }
  }
}

/// What the other side has sent.
public enum MessageEvent: Sendable, Equatable {
  /// All bytes are used up; give more when they come.
  case needMore
  /// A text message; its bytes are UTF-8.
  case text(Payload)
  /// A binary message.
  case binary(Payload)
  /// A question to be answered with a pong of the same payload.
  case ping(Payload)
  /// An answer to a ping, or one that nobody asked for.
  case pong(Payload)
  /// The other side closes; answer with a close frame, then close. Everything after it is ignored.
  case close(CloseCode?, reason: String)
  /// The other side broke the protocol or a limit; send a close frame with this code, then close. Everything after it
  /// is ignored.
  case failed(ProtocolFailure)
}
