import CHiredis

/// How large one reply may be; what is larger ends the connection, so that garbage can neither trap nor eat the memory.
public struct ReplyLimits: Sendable, Hashable {
  /// Bytes of one reply on the wire: far above a full payload (256 KiB) and a list of nodes.
  public var bytesMax = 8 << 20
  /// Elements of one array: no command of ours asks for as many.
  public var elementsMax = 1 << 16

  /// The defaults. Arrays nest seven deep at most; that limit is hiredis' own.
  public init() {}
}

/// Makes replies out of bytes as they come, by hiredis' reader.
///
/// - Limits: ``ReplyLimits``.
/// - Isolation: used by one thread at a time.
final class ReplyReader {
  private let reader: UnsafeMutablePointer<redisReader>
  private let builder: ReplyBuilder
  private let limits: ReplyLimits
  private var unanswered = 0

  /// Takes the limits; nil when there is no memory for a reader.
  init?(limits: ReplyLimits = ReplyLimits()) {
    guard let reader = redisReaderCreateWithFunctions(ReplyBuilder.functions) else { return nil }
    self.reader = reader
    self.limits = limits
    builder = ReplyBuilder(elementsMax: limits.elementsMax)
    reader.pointee.privdata = Unmanaged.passUnretained(builder).toOpaque()
  }

  deinit { redisReaderFree(reader) }

  /// Takes bytes from the wire and hands out each reply that they complete.
  ///
  /// - Throws: ``RedisError/broken(_:)``; the reader is of no use afterwards.
  func feed(_ bytes: UnsafeRawBufferPointer, _ body: (RedisReply) -> Void) throws(RedisError) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    guard redisReaderFeed(reader, base.assumingMemoryBound(to: CChar.self), bytes.count) == REDIS_OK else {
      throw .broken(errorText)
    }
    var completed = false
    while let reply = try next() {
      completed = true
      body(reply)
    }
    // What the unfinished reply has eaten so far, nested parts included: counted from when it began.
    unanswered = completed ? reader.pointee.len - reader.pointee.pos : unanswered + bytes.count
    guard unanswered <= limits.bytesMax else { throw .broken("a reply of more than \(limits.bytesMax) bytes") }
  }

  private func next() throws(RedisError) -> RedisReply? {
    var done: UnsafeMutableRawPointer?
    guard redisReaderGetReply(reader, &done) == REDIS_OK else { throw .broken(errorText) }
    guard done != nil else { return nil }
    return builder.take()
  }

  private var errorText: String {
    withUnsafeBytes(of: reader.pointee.errstr) { raw in
      String(decoding: raw.prefix(while: { $0 != 0 }), as: UTF8.self)
    }
  }
}

/// Puts replies together as hiredis' reader names their parts, outermost first.
private final class ReplyBuilder {
  private struct Frame {
    var remaining: Int
    var elements: [RedisReply]
  }

  private let elementsMax: Int
  private var frames: [Frame] = []
  private var finished: RedisReply?

  init(elementsMax: Int) { self.elementsMax = elementsMax }

  func take() -> RedisReply? {
    defer { finished = nil }
    return finished
  }

  /// hiredis keeps what these return and asks for no more than that it is not NULL, which would mean "no memory".
  private func add(_ reply: RedisReply) -> UnsafeMutableRawPointer {
    var reply = reply
    while let last = frames.indices.last {
      frames[last].elements.append(reply)
      frames[last].remaining -= 1
      guard frames[last].remaining == 0 else { return opaque }
      reply = .array(frames.removeLast().elements)
    }
    finished = reply
    return opaque
  }

  private func open(_ count: Int) -> UnsafeMutableRawPointer? {
    guard count >= 0, count <= elementsMax else { return nil }
    guard count > 0 else { return add(.array([])) }
    var elements: [RedisReply] = []
    // Room for a pushed message at once; no more is believed of a count that comes from outside.
    elements.reserveCapacity(min(count, 4))
    frames.append(Frame(remaining: count, elements: elements))
    return opaque
  }

  private var opaque: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  private static func of(_ task: UnsafePointer<redisReadTask>?) -> ReplyBuilder? {
    guard let data = task?.pointee.privdata else { return nil }
    return Unmanaged<ReplyBuilder>.fromOpaque(data).takeUnretainedValue()
  }

  private static func reply(_ type: CInt, _ bytes: UnsafeRawBufferPointer) -> RedisReply {
    switch type {
    case REDIS_REPLY_ERROR: .error(String(decoding: bytes, as: UTF8.self))
    case REDIS_REPLY_STATUS: .status(String(decoding: bytes, as: UTF8.self))
    default: .bulk(Array(bytes))
    }
  }

  /// One table for the whole process; hiredis keeps the pointer.
  nonisolated(unsafe) static let functions: UnsafeMutablePointer<redisReplyObjectFunctions> = {
    let table = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    table.initialize(
      to: redisReplyObjectFunctions(
        createString: { task, text, length in
          guard let task else { return nil }
          let bytes = UnsafeRawBufferPointer(start: text, count: text == nil ? 0 : length)
          return ReplyBuilder.of(task)?.add(ReplyBuilder.reply(task.pointee.type, bytes))
        },
        createArray: { task, count in ReplyBuilder.of(task)?.open(Int(count)) },
        createInteger: { task, value in ReplyBuilder.of(task)?.add(.integer(value)) },
        createNil: { task in ReplyBuilder.of(task)?.add(.null) },
        freeObject: { _ in }))
    return table
  }()
}
