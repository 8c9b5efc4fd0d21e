import CLinux
import Glibc

/// A stream socket on a loop: TCP or a Unix domain socket, plain or (with a layer of its own) encrypted.
///
/// Sending is corked: bytes gather during a tick of the loop and leave in one system call at its end. Idle, a
/// connection holds no buffer; what arrives stands in one buffer of the loop.
///
/// - Isolation: made, used and closed on its loop; on other threads it may only be kept and let go of.
/// - Limits: ``ConnectionOptions``.
public final class Connection: @unchecked Sendable {
  private static let readsAtOnce = 4
  /// How long a peer that has finished may take to read what it is still sent.
  private static let lingerMilliseconds: Int64 = 30_000

  /// The loop that it lives on.
  public let loop: EventLoop
  private var descriptor: CInt
  private var flags: ConnectionFlags = []
  private var interest: PollEvents = []
  private let highMark: UInt32
  private let lowMark: UInt32
  private let queueMax: UInt32
  private var watch: Watch?
  private var handler: (any ConnectionHandler)?
  // Nothing that the queue does calls back, so no access to it can meet another; the check of that costs a crowd's
  // fan-out a fifth.
  @exclusivity(unchecked) private var out = OutQueue()
  private var deadline: LoopTimer?
  private var end: ConnectionEnd?
  // Only ever read or set, both at once; it is looked at for each frame that is queued.
  @exclusivity(unchecked) private var tls: TLSLayer?

  /// Takes over a connected, non-blocking descriptor, which is closed with the connection.
  public init(loop: EventLoop, descriptor: CInt, options: ConnectionOptions = ConnectionOptions()) {
    self.loop = loop
    self.descriptor = descriptor
    highMark = min(options.highMark, options.queueMax)
    lowMark = min(options.lowMark, highMark)
    queueMax = options.queueMax
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Puts TLS between this and the socket, before it begins; the handshake starts when it does.
  func secure(with layer: TLSLayer, deadline milliseconds: Int64) {
    tls = layer
    deadline = loop.schedule(after: milliseconds) { [weak self] in
      self?.finish(.insecure(TLSError("the handshake took too long")))
    }
  }

  /// Sets the owner and starts to read; a connection that is let go of before is closed.
  public func begin(with handler: any ConnectionHandler) {
    guard !flags.contains(.begun) else { return }
    flags.insert(.begun)
    self.handler = handler
    guard descriptor >= 0 else { return cork() }
    interest = flags.interest
    do {
      watch = try loop.watch(descriptor, interest, self)
      // A client speaks first.
      if tls != nil { decrypt(UnsafeRawBufferPointer(start: nil, count: 0)) }
    } catch {
      finish(.failed(error))
    }
  }

  /// Gives the connection another owner, from a call of the present one: what comes next is told to the new one alone.
  public func handOver(to handler: any ConnectionHandler) {
    guard self.handler != nil else { return }
    self.handler = handler
  }

  // MARK: What it is

  /// Whether it has not been closed by anybody.
  public var isOpen: Bool { descriptor >= 0 }
  /// Whether it speaks TLS.
  public var isSecure: Bool { tls != nil }
  /// Bytes that wait in the send queue.
  public var queuedBytes: Int { out.count &+ (tls?.queuedBytes ?? 0) }
  /// Bytes that the peer has not taken: those, and what the kernel has of them and nobody has acknowledged.
  public var untakenBytes: Int { queuedBytes &+ (isOpen ? StreamSocket.unacknowledgedBytes(of: descriptor) : 0) }

  /// Whether it stands in a crowd's line; some of the bytes may wait for its turn there.
  var isInCrowd: Bool { !flags.isDisjoint(with: [.inCrowd, .inVastCrowd]) }
  /// Whether the send queue has passed the high mark and is not yet down to the low one.
  public var isCongested: Bool { flags.contains(.congested) }
  /// The peer's address as the kernel knows it now; nothing once the connection is closed or was reset.
  public var peerAddress: SocketAddress? { isOpen ? SocketAddress(peerOf: descriptor) : nil }
  /// This side's address.
  public var localAddress: SocketAddress? { isOpen ? SocketAddress(localOf: descriptor) : nil }

  // MARK: Sending

  /// Queues bytes; they leave at the end of the tick. Dropped when the connection is closed or finishing.
  public func send(_ bytes: UnsafeRawBufferPointer) {
    guard maySend else { return }
    out.append(bytes)
    queued()
  }

  /// Queues bytes of an array: by reference while nothing else waits or when they are many, so that an array which many
  /// are sent is not copied.
  public func send(_ bytes: [UInt8]) {
    guard maySend else { return }
    out.append(bytes)
    queued()
  }

  private var maySend: Bool { descriptor >= 0 && !flags.contains(.finishing) }

  private func queued() {
    if out.count > highMark {
      guard out.count <= queueMax else { return finish(.queueFull) }
      flags.insert(.congested)
    }
    // While the socket takes nothing, epoll tells when to go on; asking it again would only cost a call.
    guard !flags.contains(.blocked) else { return }
    if let crowd = loop.telling { join(crowd) } else { cork() }
  }

  /// One who waits for a vast crowd's turn may have an earlier one; then he has all at once.
  private func join(_ crowd: Crowd) {
    guard flags.isDisjoint(with: crowd == .vast ? [.corked, .inCrowd, .inVastCrowd] : [.corked, .inCrowd]) else {
      return
    }
    flags.insert(ConnectionFlags(crowd))
    loop.atCrowdsTurn(self, in: crowd)
  }

  private func cork() {
    guard !flags.contains(.corked) else { return }
    flags.insert(.corked)
    loop.atEndOfTick(self)
  }

  private func flush() {
    guard descriptor >= 0 else { return }
    let vectors = loop.scratch.vectors
    switch tls?.send(&out, to: descriptor, with: vectors) ?? out.send(to: descriptor, with: vectors) {
    case .failed(let code): return finish(.failed(SystemError(call: "send", code: code)))
    case .insecure(let error): return finish(.insecure(error))
    case .blocked: flags.insert(.blocked)
    case .waiting: flags.remove(.blocked)
    case .emptied:
      flags.remove(.blocked)
      if flags.contains(.finishing) { emptiedForGood() }
    }
    updateInterest()
    relieve()
  }

  private func relieve() {
    guard flags.contains(.congested), out.count <= lowMark else { return }
    flags.remove(.congested)
    loop.trimSoon()
    guard isOpen, !flags.contains(.finishing) else { return }
    handler?.drained()
  }

  // MARK: Reading

  /// Reads no more until ``resumeReading()``; the kernel's buffers fill and the peer is slowed down. With TLS the rest
  /// of what has been read is still delivered.
  public func pauseReading() {
    flags.insert(.paused)
    updateInterest()
  }

  /// Reads again.
  public func resumeReading() {
    flags.remove(.paused)
    updateInterest()
  }

  private var mayRead: Bool { descriptor >= 0 && flags.mayRead }

  private func readSome() {
    let buffer = loop.scratch.received
    for _ in 0..<Self.readsAtOnce where mayRead {
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      guard count > 0 else { return readNothing(count, errno) }
      let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
      if tls == nil { deliver(bytes) } else { decrypt(bytes) }
      if count < buffer.count { return }
    }
  }

  private func deliver(_ bytes: UnsafeRawBufferPointer) {
    if !flags.contains(.lingering), bytes.count > 0 { handler?.received(bytes) }
  }

  private func decrypt(_ bytes: UnsafeRawBufferPointer) {
    let buffer = loop.scratch.decrypted
    tls?.feed(bytes)
    while let tls, descriptor >= 0 {
      let wasEstablished = tls.isEstablished
      var count = 0
      let reading = tls.read(into: buffer, count: &count)
      if tls.isEstablished, !wasEstablished { handshakeEnded() }
      deliver(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      if tls.queuedBytes > 0 { cork() }
      switch reading {
      case .full: continue
      case .needsMore: return
      case .finished: return flags.contains(.peerFinished) ? () : readEnd()
      case .failed(let error): return refuse(error)
      }
    }
  }

  private func handshakeEnded() {
    if !flags.contains(.lingering) {
      deadline?.cancel()
      deadline = nil
    }
    cork()
  }

  /// The peer is told why, as far as the socket takes it at once.
  private func refuse(_ error: TLSError) {
    guard descriptor >= 0 else { return }
    var nothing = OutQueue()
    _ = tls?.send(&nothing, to: descriptor, with: loop.scratch.vectors)
    finish(.insecure(error))
  }

  private func readNothing(_ count: Int, _ code: Int32) {
    if count == 0 { return readEnd() }
    guard code != EAGAIN, code != EINTR else { return }
    finish(.failed(SystemError(call: "recv", code: code)))
  }

  private func readEnd() {
    flags.insert(.peerFinished)
    if let tls, !tls.isEstablished { return finish(.insecure(TLSError("the peer left during the handshake"))) }
    if flags.contains(.shutDown) { return finish(endOfBothHalves) }
    if !flags.contains(.finishing) { flags.insert(.peerFirst) }
    if !flags.contains(.lingering), handler?.peerFinished() ?? .close == .close {
      closeAfterFlush(deadline: Self.lingerMilliseconds)
    }
    updateInterest()
  }

  // MARK: Ending

  /// Closes now; what waits in the send queue is dropped. The handler hears of it at the end of the tick.
  public func close() { finish(.closedHere) }

  /// Closes once the send queue has left and the peer has finished too, at the latest after `deadline` milliseconds.
  ///
  /// Nothing more can be queued, and what still arrives is dropped: bytes that the peer has sent and nobody reads would
  /// otherwise make the kernel reset the connection, and the peer lose what was just sent.
  public func closeAfterFlush(deadline milliseconds: Int64) {
    guard isOpen, !flags.contains(.lingering) else { return }
    flags.formUnion([.lingering, .finishing])
    deadline?.cancel()
    deadline = loop.schedule(after: milliseconds) { [weak self] in
      guard let self else { return }
      finish(out.isEmpty ? endOfBothHalves : .flushTimedOut)
    }
    if !flags.contains(.blocked) { cork() }
    updateInterest()
  }

  /// Tells the peer, once the send queue has left, that nothing more will come; bytes still arrive.
  public func shutdownWrite() {
    guard isOpen, !flags.contains(.finishing) else { return }
    flags.insert(.finishing)
    if !flags.contains(.blocked) { cork() }
  }

  private func emptiedForGood() {
    if !flags.contains(.shutDown) {
      if tls?.sayGoodbye() == true { return flush() }
      flags.insert(.shutDown)
      _ = shutdown(descriptor, CInt(SHUT_WR))
    }
    if flags.contains(.peerFinished) { finish(endOfBothHalves) }
  }

  private var endOfBothHalves: ConnectionEnd { flags.contains(.peerFirst) ? .closedByPeer : .closedHere }

  private func finish(_ reason: ConnectionEnd) {
    guard descriptor >= 0 else { return }
    watch?.end()
    watch = nil
    Glibc.close(descriptor)
    descriptor = -1
    out.removeAll()
    tls = nil
    deadline?.cancel()
    deadline = nil
    end = reason
    cork()
  }

  // MARK: Interest

  private func updateInterest() {
    guard let watch else { return }
    let wanted = flags.interest
    guard wanted != interest else { return }
    interest = wanted
    watch.change(to: wanted)
  }
}

extension Connection: Pollable {
  /// The socket can be read or written, or is broken.
  public func ready(_ events: PollEvents) {
    if mayRead {
      readSome()
    } else if events.contains(.error) {
      return finish(.failed(SystemError(call: "recv", code: StreamSocket.pendingError(of: descriptor) ?? ECONNRESET)))
    }
    if events.contains(.write) { flush() }
  }

  /// The loop has stopped.
  public func abandoned() { finish(.loopStopped) }
}

extension Connection: EndOfTick {
  /// Sends what has gathered, or tells the handler that it is over.
  public func endOfTick() {
    flags.remove(.corked)
    guard let end else { return flush() }
    guard let handler else { return }
    self.handler = nil
    handler.ended(end)
  }
}

extension Connection: CrowdMember {
  /// Sends what has gathered, unless it has gone meanwhile with something of its own, or will.
  func crowdsTurn(_ crowd: Crowd) {
    flags.remove(ConnectionFlags(crowd))
    if flags.isDisjoint(with: [.corked, .blocked]), queuedBytes > 0 { flush() }
  }
}
