/// The reader of one side of a connection: bytes in, messages out, no I/O.
///
/// Bytes are unmasked where they stand; a message that came uncompressed in one piece is not copied at all. Text is
/// checked as it comes and refused at its first bad byte, compressed data is inflated as it comes and never beyond the
/// limit.
///
///     var offset = 0
///     while true {
///       switch parser.next(bytes, from: &offset) {
///       case .needMore: return
///       case .text(let payload): payload.withBytes(in: bytes) { receive($0) }
///       ...
///       }
///     }
///
/// - Limits: ``MessageLimits``; memory grows with what has come, never with what was announced, and between messages
///   there is none but the window of a compression context that was agreed to be kept.
/// - Source: RFC 6455 sections 5 to 8, RFC 7692 for compressed messages.
public struct MessageParser: ~Copyable {
  private enum State {
    case header
    case payload
    case over
  }

  private let role: Role
  private let limits: MessageLimits
  private let inflater: MessageInflater?
  private var state = State.header
  private var pending = PendingHeader()
  private var frame = FrameHeader.none
  private var taken = 0
  private var control: [UInt8] = []
  private var message: MessageAssembler

  /// A reader for the side that plays `role`; `inflater` when compression was negotiated.
  public init(role: Role, limits: MessageLimits = MessageLimits(), inflater: MessageInflater? = nil) {
    self.role = role
    self.limits = limits
    self.inflater = inflater
    self.message = MessageAssembler()
  }

  /// True after a close frame or a failure: everything else is ignored.
  public var isOver: Bool {
    if case .over = state { return true }
    return false
  }

  /// True when nothing of a frame or message is half there.
  public var isIdle: Bool {
    if case .header = state { return pending.isEmpty && !message.isOpen }
    return isOver
  }

  /// Takes bytes from `offset` on until something happens.
  public mutating func next(_ input: UnsafeMutableRawBufferPointer, from offset: inout Int) -> MessageEvent {
    do throws(ProtocolFailure) {
      return try advance(input, &offset)
    } catch {
      end()
      return .failed(error)
    }
  }

  private mutating func end() {
    state = .over
    control = []
    message = MessageAssembler()
  }

  private mutating func advance(
    _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int
  ) throws(ProtocolFailure) -> MessageEvent {
    while true {
      switch state {
      case .over:
        offset = input.count
        return .needMore
      case .header:
        guard let header = try pending.take(input, &offset, role: role, allowsCompression: inflater != nil) else {
          return .needMore
        }
        try begin(header)
      case .payload:
        if let event = try takePayload(input, &offset) { return event }
        if case .payload = state { return .needMore }
      }
    }
  }

  private mutating func begin(_ header: FrameHeader) throws(ProtocolFailure) {
    frame = header
    taken = 0
    state = .payload
    if !header.opcode.isControl { try message.begin(header, limits: limits) }
  }

  private mutating func takePayload(
    _ input: UnsafeMutableRawBufferPointer, _ offset: inout Int
  ) throws(ProtocolFailure) -> MessageEvent? {
    let count = min(frame.length &- taken, input.count &- offset)
    // An empty payload is complete at once; an incomplete one needs a byte to go on.
    guard count > 0 || taken == frame.length else { return nil }
    let range = offset..<(offset &+ count)
    let piece = UnsafeMutableRawBufferPointer(rebasing: input[range])
    if frame.key != 0 { Mask.apply(frame.key, phase: taken, to: piece) }
    offset &+= count
    let isWhole = taken == 0 && count == frame.length
    taken &+= count
    let isEnd = taken == frame.length
    if isEnd { state = .header }
    let bytes = UnsafeRawBufferPointer(piece)
    if frame.opcode.isControl { return try takeControl(bytes, isWhole ? range : nil, isEnd) }
    return try message.take(
      bytes, isWhole ? range : nil, isEnd: isEnd && frame.isFinal, limits: limits, inflater: inflater)
  }

  private mutating func takeControl(
    _ bytes: UnsafeRawBufferPointer, _ whole: Range<Int>?, _ isEnd: Bool
  ) throws(ProtocolFailure) -> MessageEvent? {
    if whole == nil || frame.opcode == .close { control.append(contentsOf: bytes) }
    guard isEnd else { return nil }
    let payload = whole.map(Payload.input) ?? .assembled(control)
    let collected = control
    control = []
    switch frame.opcode {
    case .ping: return .ping(payload)
    case .pong: return .pong(payload)
    default:
      let (code, reason) = try ClosePayload.read(collected)
      end()
      return .close(code, reason: reason)
    }
  }
}

/// What a close frame says.
enum ClosePayload {
  /// - Source: RFC 6455 section 5.5.1: nothing, or a code and a reason in UTF-8.
  static func read(_ bytes: [UInt8]) throws(ProtocolFailure) -> (CloseCode?, String) {
    if bytes.isEmpty { return (nil, "") }
    guard bytes.count >= 2 else { throw .closePayload }
    let code = CloseCode(rawValue: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
    guard code.isAllowedOnWire else { throw .closeCode }
    guard let reason = String(validating: bytes[2...], as: UTF8.self) else { throw .invalidText }
    return (code, reason)
  }
}
