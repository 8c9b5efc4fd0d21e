import IORuntime

extension Listener {
  /// Listens where a setting says.
  ///
  /// - Throws: ``StartFailure`` with setting and address: a node has several, and the kernel names neither.
  static func open(
    _ address: SocketAddress, asSaidBy setting: String, on loop: EventLoop, tls: TLSServer? = nil
  ) throws(StartFailure) -> Listener {
    do throws(SystemError) {
      return try Listener(loop: loop, address: address, tls: tls)
    } catch {
      throw StartFailure("\(setting): cannot listen at \(address) (\(error)).")
    }
  }
}
