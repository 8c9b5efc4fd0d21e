import EngineServing
import IORuntime

/// Another node, as the cluster's list has it.
public struct PeerNode: Sendable, Equatable {
  /// Its name in session ids.
  public let name: String
  /// Where its private door is.
  public let address: SocketAddress

  /// A node by its name in the cluster; nil unless it has proved that it gave itself that address, `10.0.0.7:9001`.
  public init?(node: String, address: String, proof: String, seal: PeerSeal) {
    guard seal.isGenuine(proof, of: node, at: address), let colon = address.lastIndex(of: ":"),
      let port = UInt16(address[address.index(after: colon)...]), port > 0
    else { return nil }
    var host = address[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { return nil }
    name = EngineDirectory.plainName(of: node)
    self.address = .ip(host: String(host), port: port)
  }
}

/// The nodes that one loop knows: the cluster's list, looked at again when it is old or lacks one.
///
/// - Isolation: its loop.
/// - Limits: what the list had within ``PeerLimits/missingMilliseconds``; a look for what it lacks at most every
///   ``PeerLimits/missMilliseconds``.
final class PeerTable: @unchecked Sendable {
  private let loop: EventLoop
  private let limits: PeerLimits
  private let list: @Sendable () async -> [PeerNode]?
  private var nodes: [String: PeerNode] = [:]
  private var seenAt: [String: Int64] = [:]
  private var readAt = Int64.min
  private var isReading = false
  private var waiting: [UnsafeContinuation<Void, Never>] = []

  init(loop: EventLoop, limits: PeerLimits, list: @escaping @Sendable () async -> [PeerNode]?) {
    self.loop = loop
    self.limits = limits
    self.list = list
  }

  /// The node of that name; a name that is on no list is waited for only when the list has not been looked at lately.
  func find(_ name: String) async -> PeerNode? {
    if let node = nodes[name] {
      if isOlder(than: limits.listMilliseconds) { read() }
      return node
    }
    if isOlder(than: limits.missMilliseconds) { read() }
    if isReading { await withUnsafeContinuation { waiting.append($0) } }
    return nodes[name]
  }

  /// Where a node is that takes no connection at an address: it may have begun anew somewhere else.
  func find(_ name: String, besides address: SocketAddress) async -> PeerNode? {
    if isOlder(than: limits.missMilliseconds) { read() }
    if isReading { await withUnsafeContinuation { waiting.append($0) } }
    return nodes[name].flatMap { $0.address == address ? nil : $0 }
  }

  private func isOlder(than milliseconds: Int64) -> Bool {
    readAt == .min || EventLoop.monotonicMilliseconds() - readAt >= milliseconds
  }

  /// A Redis that has begun anew knows nobody until they speak again: who is missing is not dead yet.
  private func take(_ list: [PeerNode]) {
    let now = EventLoop.monotonicMilliseconds()
    for node in list { (nodes[node.name], seenAt[node.name]) = (node, now) }
    for (name, at) in seenAt where now - at > limits.missingMilliseconds {
      (nodes[name], seenAt[name]) = (nil, nil)
    }
  }

  private func read() {
    guard !isReading else { return }
    isReading = true
    readAt = EventLoop.monotonicMilliseconds()
    loop.spawn { [self] in
      // While Redis is away the last list is as good as any: a node that is gone takes no connection.
      if let list = await list() { take(list) }
      isReading = false
      let waiting = waiting
      self.waiting = []
      for continuation in waiting { continuation.resume() }
    }
  }
}
