/// A data message while its frames come in: limits, order, text check, inflation.
struct MessageAssembler {
  /// The kind of the open message; nil between messages.
  private var kind: Opcode?
  private var isCompressed = false
  private var frames = 0
  private var compressedBytes = 0
  private var check = UTF8Check()
  private var bytes: [UInt8] = []

  /// True while a message is half there.
  var isOpen: Bool { kind != nil }

  /// A data frame begins.
  mutating func begin(_ header: FrameHeader, limits: MessageLimits) throws(ProtocolFailure) {
    if header.opcode == .continuation {
      guard isOpen else { throw .nothingToContinue }
    } else {
      guard !isOpen else { throw .messageInMessage }
      kind = header.opcode
      isCompressed = header.isCompressed
    }
    frames &+= 1
    guard frames <= limits.framesPerMessageMax else { throw .tooManyFrames }
    let room =
      isCompressed
      ? MessageAssembler.compressedBytesMax(limits) &- compressedBytes : limits.messageBytesMax &- bytes.count
    guard header.length <= room else { throw .messageTooBig }
  }

  /// A message of incompressible data grows a little by compression; beyond that it only wastes our time.
  private static func compressedBytesMax(_ limits: MessageLimits) -> Int {
    let (sum, overflow) = limits.messageBytesMax.addingReportingOverflow(
      limits.messageBytesMax / 8 + MessageLimits.compressedSlackBytes)
    return overflow ? .max : sum
  }

  /// Payload bytes of the present frame.
  ///
  /// - Parameters:
  ///   - whole: where they stand when they are a frame's whole payload.
  ///   - isEnd: true when the message ends with them.
  /// - Returns: the message, when it ends.
  mutating func take(
    _ piece: UnsafeRawBufferPointer, _ whole: Range<Int>?, isEnd: Bool, limits: MessageLimits,
    inflater: MessageInflater?
  ) throws(ProtocolFailure) -> MessageEvent? {
    if isCompressed, let inflater {
      try inflate(piece, isEnd, limits, inflater)
    } else if isEnd, frames == 1, let whole {
      try checkText(piece)
      return try finish(.input(whole))
    } else {
      try checkText(piece)
      bytes.append(contentsOf: piece)
    }
    return isEnd ? try finish(.assembled(bytes)) : nil
  }

  private mutating func checkText(_ piece: UnsafeRawBufferPointer) throws(ProtocolFailure) {
    if kind == .text, !check.take(piece) { throw .invalidText }
  }

  private mutating func inflate(
    _ piece: UnsafeRawBufferPointer, _ isEnd: Bool, _ limits: MessageLimits, _ inflater: MessageInflater
  ) throws(ProtocolFailure) {
    compressedBytes &+= piece.count
    let start = bytes.count
    let budget = MessageInflater.Budget(
      bytesMax: limits.messageBytesMax, ratioMax: limits.inflationRatioMax, compressedBytes: compressedBytes)
    try inflater.inflate(piece, into: &bytes, budget)
    if isEnd { try inflater.finishMessage(into: &bytes, budget) }
    if kind == .text {
      let isText = bytes.withUnsafeBytes { check.take(UnsafeRawBufferPointer(rebasing: $0[start...])) }
      if !isText { throw .invalidText }
    }
  }

  private mutating func finish(_ payload: Payload) throws(ProtocolFailure) -> MessageEvent {
    let isText = kind == .text
    if isText && !check.isComplete { throw .invalidText }
    self = MessageAssembler()
    return isText ? .text(payload) : .binary(payload)
  }
}
