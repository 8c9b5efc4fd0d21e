import IORuntime

extension Listener {
  /// Listens where a setting says, alone or beside other loops of this node.
  ///
  /// All loops share a port, and the kernel would share it with another node of the same user too, who then had half of
  /// this one's clients. So the first of a node's asks whether it is free.
  ///
  /// - Throws: ``StartFailure`` with setting and address: a node has several, and the kernel names neither.
  static func open(
    _ address: SocketAddress, asSaidBy setting: String, on loop: EventLoop, isFirst: Bool, tls: TLSServer? = nil
  ) throws(StartFailure) -> Listener {
    do throws(SystemError) {
      if isFirst { try checkFree(address) }
      return try Listener(loop: loop, address: address, tls: tls)
    } catch {
      throw StartFailure("\(setting): cannot listen at \(address) (\(error)).")
    }
  }
}
