import CLinux
import Glibc

/// Bytes that wait to be sent, in order. Empty, it holds no memory; nearly always it is one buffer and one `send`.
///
/// - Cost: what a tick says once to a crowd is one reference each, no copy; from the second frame on one buffer each,
///   but for long ones (``OutPiece/copiedBelow``), of which a crowd of slow readers holds one copy however many they
///   are.
struct OutQueue: ~Copyable {
  /// What became of an attempt to send.
  enum Outcome {
    /// Everything has left.
    case emptied
    /// The socket takes no more for now.
    case blocked
    /// What is left waits for the end of the TLS handshake, not for the socket.
    case waiting
    case failed(Int32)
    case insecure(TLSError)
  }

  private static let tailFirst = 240
  /// A second frame within a tick is seldom the last one: room for four like the first saves growing, up to this many
  /// bytes.
  private static let loneRoomMax = 4096
  private static let tailMax = 64 * 1024
  private static let roundsMax = 8

  /// Bytes that wait.
  private(set) var count = 0
  /// All that waits, as it was given; else empty.
  private var lone: [UInt8] = []
  private var pieces: [OutPiece] = []
  private var firstPiece = 0
  private var tail: UnsafeMutableRawPointer?
  private var tailCount = 0
  private var tailCapacity = 0
  /// How much of what stands first has been sent: of the lone bytes, the first piece or the tail.
  private var sent = 0

  deinit { free(tail) }

  var isEmpty: Bool { count == 0 }

  // MARK: Adding

  mutating func append(_ bytes: [UInt8]) {
    guard !isEmpty else {
      lone = bytes
      return count = bytes.count
    }
    guard bytes.count > OutPiece.copiedBelow else { return bytes.withUnsafeBytes { append($0) } }
    moveLone(before: 0)
    sealTail()
    pieces.append(.given(bytes))
    count &+= bytes.count
  }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let from = bytes.baseAddress, bytes.count > 0 else { return }
    moveLone(before: bytes.count)
    if tailCapacity &- tailCount < bytes.count { makeRoom(for: bytes.count) }
    guard let tail else { return }
    (tail + tailCount).copyMemory(from: from, byteCount: bytes.count)
    tailCount &+= bytes.count
    count &+= bytes.count
  }

  /// What was alone gets company: when it is short it moves into a buffer, else it becomes a piece.
  private mutating func moveLone(before more: Int) {
    guard !lone.isEmpty else { return }
    let first = lone
    lone = []
    guard first.count <= OutPiece.copiedBelow else { return pieces.append(.given(first)) }
    let capacity = max(Self.tailFirst, first.count + more, min(4 * first.count, Self.loneRoomMax))
    guard let made = malloc(capacity) else { return }
    UnsafeMutableRawBufferPointer(start: made, count: first.count).copyBytes(from: first)
    (tail, tailCount, tailCapacity) = (made, first.count, capacity)
  }

  private mutating func makeRoom(for more: Int) {
    if tail != nil, tailCount + more <= Self.tailMax {
      tailCapacity = min(Self.tailMax, max(tailCapacity * 2, tailCount + more))
      tail = realloc(tail, tailCapacity)
    } else {
      let followed = tail != nil
      sealTail()
      tailCapacity = max(followed ? Self.tailMax : Self.tailFirst, more)
      tail = malloc(tailCapacity)
    }
  }

  private mutating func sealTail() {
    guard let full = tail else { return }
    pieces.append(.filled(FilledBuffer(adopting: full, count: tailCount)))
    dropTail()
  }

  private mutating func dropTail() {
    tail = nil
    tailCount = 0
    tailCapacity = 0
  }

  // MARK: Taking away

  /// Gives the bytes that are next in one run; none when nothing waits.
  func withNext<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    if !lone.isEmpty { return lone.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[sent...])) } }
    if firstPiece < pieces.count {
      return pieces[firstPiece].withBytes { body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
    }
    guard let tail else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    return body(UnsafeRawBufferPointer(start: tail + sent, count: tailCount - sent))
  }

  /// That many bytes have been sent.
  mutating func consume(_ amount: Int) {
    guard amount < count else { return removeAll() }
    count &-= amount
    sent &+= amount
    while firstPiece < pieces.count, sent >= pieces[firstPiece].count {
      sent &-= pieces[firstPiece].count
      firstPiece &+= 1
    }
    forgetSentPieces()
  }

  private mutating func forgetSentPieces() {
    guard firstPiece > 0 else { return }
    guard firstPiece == pieces.count || firstPiece >= 4 else { return }
    pieces.removeFirst(firstPiece)
    firstPiece = 0
  }

  mutating func removeAll() {
    if !lone.isEmpty { lone = [] }
    free(tail)
    dropTail()
    if !pieces.isEmpty { pieces = [] }
    firstPiece = 0
    sent = 0
    count = 0
  }

  // MARK: Sending

  /// Sends what the socket takes: one system call, more only when there are very many pieces.
  mutating func send(to descriptor: CInt, with vectors: UnsafeMutableBufferPointer<iovec>) -> Outcome {
    guard count > 0 else { return .emptied }
    for _ in 0..<Self.roundsMax {
      let (written, asked) = sendOnce(to: descriptor, with: vectors)
      guard written >= 0 else { return outcome(of: errno) }
      consume(written)
      if count == 0 { return .emptied }
      if written < asked { return .blocked }
    }
    return .blocked
  }

  private func outcome(of code: Int32) -> Outcome {
    code == EAGAIN || code == EINTR || code == ENOBUFS ? .blocked : .failed(code)
  }

  private func sendOnce(to descriptor: CInt, with vectors: UnsafeMutableBufferPointer<iovec>) -> (Int, Int) {
    guard firstPiece < pieces.count else {
      return withNext { (Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)), $0.count) }
    }
    return gather(from: firstPiece, into: vectors, used: 0, bytes: 0) { used, bytes in
      var message = msghdr()
      message.msg_iov = vectors.baseAddress
      message.msg_iovlen = used
      return (sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL)), bytes)
    }
  }

  /// Gives `body` the pieces from that one on, and the tail: one inside the other, since each is held for one call.
  private func gather(
    from index: Int, into vectors: UnsafeMutableBufferPointer<iovec>, used: Int, bytes: Int,
    _ body: (_ used: Int, _ bytes: Int) -> (Int, Int)
  ) -> (Int, Int) {
    guard used < vectors.count else { return body(used, bytes) }
    func add(_ run: UnsafeRawBufferPointer) -> Int {
      vectors[used] = iovec(iov_base: UnsafeMutableRawPointer(mutating: run.baseAddress), iov_len: run.count)
      return bytes + run.count
    }
    guard index < pieces.count else {
      guard let tail, tailCount > 0 else { return body(used, bytes) }
      return body(used + 1, add(UnsafeRawBufferPointer(start: tail, count: tailCount)))
    }
    let skipped = index == firstPiece ? sent : 0
    return pieces[index].withBytes { run in
      let bytes = add(UnsafeRawBufferPointer(rebasing: run[skipped...]))
      return gather(from: index + 1, into: vectors, used: used + 1, bytes: bytes, body)
    }
  }
}
