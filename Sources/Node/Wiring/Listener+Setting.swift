import IORuntime

extension Listener {
  /// Listens where a setting says, once a loop and all at one port, which the first finds when any is asked for.
  ///
  /// - Throws: as ``open(_:asSaidBy:on:isFirst:tls:)``.
  static func open(
    _ place: ListenAddress, asSaidBy setting: String, on loops: [EventLoop], tls: TLSServer?
  ) throws(StartFailure) -> [Listener] {
    var listeners: [Listener] = []
    for loop in loops {
      let address = listeners.first?.address ?? .ip(host: place.host, port: place.port)
      listeners.append(try open(address, asSaidBy: setting, on: loop, isFirst: listeners.isEmpty, tls: tls))
    }
    return listeners
  }

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
