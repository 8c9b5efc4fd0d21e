import CLinux
import Glibc

/// A listening socket of one loop.
///
/// With SO_REUSEPORT each loop has a listener of its own for the same port, and the kernel spreads connections over
/// them.
///
/// - Isolation: made (and so bound) on any thread, so that a port which is taken stops the start; the rest on its loop.
/// - Limits: ``ListenerOptions``. When the process has no descriptors left, what waits is accepted by means of a spare
///   one and closed at once, then accepting rests for ``ListenerOptions/restMilliseconds``.
public final class Listener: @unchecked Sendable {
  /// The loop that accepts.
  public let loop: EventLoop
  /// Where it listens, with the port that was chosen when 0 was asked for.
  public let address: SocketAddress

  private let options: ListenerOptions
  private let tls: TLSServer?
  private var descriptor: CInt
  private var spare: CInt
  private var watch: Watch?
  private var rest: LoopTimer?
  private var accepted: ((Connection) -> Void)?
  private var refused: ((SystemError) -> Void)?

  /// Binds and listens; a name is resolved, which may block. `address` with port 0 lets the kernel choose one.
  ///
  /// - Throws: ``SystemError`` when the address is not one of this machine or is taken.
  public init(
    loop: EventLoop, address: SocketAddress, options: ListenerOptions = ListenerOptions(), tls: TLSServer? = nil
  ) throws(SystemError) {
    self.loop = loop
    self.tls = tls
    self.options = options
    let descriptor = try ListeningSocket.open(address, options)
    self.descriptor = descriptor
    self.address = SocketAddress(localOf: descriptor) ?? address
    spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
  }

  /// Asks whether nobody listens at an address, of other processes of this user too, and lets go of it at once.
  ///
  /// - Throws: ``SystemError`` when the address is not one of this machine or is taken.
  public static func checkFree(_ address: SocketAddress) throws(SystemError) {
    if let descriptor = try ListeningSocket.alone(at: address) { Glibc.close(descriptor) }
  }

  deinit {
    if descriptor >= 0 { Glibc.close(descriptor) }
    if spare >= 0 { Glibc.close(spare) }
  }

  /// Starts to accept. `accepted` gets each connection and begins it, or drops and so closes it; `refused` is told of
  /// each one that could not be accepted for want of descriptors or memory.
  public func start(
    refused: ((SystemError) -> Void)? = nil, accepted: @escaping (Connection) -> Void
  ) throws(SystemError) {
    guard descriptor >= 0, watch == nil else { return }
    self.accepted = accepted
    self.refused = refused
    watch = try loop.watch(descriptor, .read, self)
  }

  /// Stops listening. Connections that wait in the backlog are reset by the kernel.
  public func close() {
    guard descriptor >= 0 else { return }
    watch?.end()
    watch = nil
    rest?.cancel()
    accepted = nil
    refused = nil
    Glibc.close(descriptor)
    descriptor = -1
    if spare >= 0 { Glibc.close(spare) }
    spare = -1
  }

  private func updateInterest() { watch?.change(to: rest == nil ? .read : .edge) }

  private func acceptOne() -> Bool {
    let client = clinux_accept(descriptor, nil, nil)
    if client >= 0 {
      take(client)
      return true
    }
    switch errno {
    case EAGAIN, EINTR: return false
    case EMFILE, ENFILE, ENOBUFS, ENOMEM:
      exhausted(SystemError(call: "accept"))
      return false
    default: return true  // That connection was gone before it was taken.
    }
  }

  private func take(_ client: CInt) {
    let connection = Connection(loop: loop, descriptor: client, options: options.connection)
    if let tls {
      guard let layer = tls.layer() else { return }
      connection.secure(with: layer, deadline: options.connection.handshakeDeadline)
    }
    accepted?(connection)
  }

  /// A client that is closed at once tries elsewhere; one that hangs in the backlog waits for its own timeout.
  private func exhausted(_ error: SystemError) {
    for _ in 0..<options.acceptsAtOnce {
      guard spare >= 0 else { break }
      Glibc.close(spare)
      let client = clinux_accept(descriptor, nil, nil)
      if client >= 0 { Glibc.close(client) }
      spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
      guard client >= 0 else { break }
      refused?(error)
    }
    rest = loop.schedule(after: options.restMilliseconds) { [weak self] in
      guard let self else { return }
      rest = nil
      if spare < 0 { spare = open("/dev/null", O_RDONLY | O_CLOEXEC) }
      updateInterest()
    }
    updateInterest()
  }
}

extension Listener: Pollable {
  /// Connections wait.
  public func ready(_ events: PollEvents) {
    for _ in 0..<options.acceptsAtOnce where descriptor >= 0 {
      guard acceptOne() else { return }
    }
  }

  /// The loop has stopped.
  public func abandoned() { close() }
}
