import EngineServing
import HTTP1
import Synchronization

/// What decides at the private door whether a request comes from a node of the cluster, once, and now.
///
/// Shared by the loops of a node: a request that was taken on one is not taken on another.
public final class PeerGate: Sendable {
  private struct Nonces {
    var since: Int64 = 0
    var young: Set<UInt64> = []
    var old: Set<UInt64> = []
  }

  private let seal: PeerSeal
  private let node: String
  private let limits: PeerLimits
  private let clock: @Sendable () -> Int64
  private let nonces = Mutex(Nonces())

  /// A gate of a node, by its name in session ids; `clock` tells Unix time in milliseconds.
  public init(
    seal: PeerSeal, node: String, limits: PeerLimits = PeerLimits(), clock: @escaping @Sendable () -> Int64
  ) {
    self.seal = seal
    self.node = node
    self.limits = limits
    self.clock = clock
  }

  /// The request as the client made it.
  func admit(_ request: Request) throws(PeerRefusal) -> Request {
    let hop = try seal.open(request)
    guard hop.to == node else { throw .misdirected }
    let now = clock()
    let age = now.subtractingReportingOverflow(hop.time)
    guard !age.overflow, age.partialValue.magnitude <= limits.skewMilliseconds.magnitude else { throw .expired }
    try remember(hop.nonce, now)
    var original = request
    original.head.headers.remove(PeerHop.field)
    original.peer = hop.client == "-" ? "" : hop.client
    return original
  }

  /// A request is good until twice the skew after it is first seen; each set gathers for so long and is kept as long
  /// again.
  private func remember(_ nonce: UInt64, _ now: Int64) throws(PeerRefusal) {
    let refusal = nonces.withLock { nonces -> PeerRefusal? in
      if now - nonces.since > 2 * limits.skewMilliseconds || now < nonces.since {
        let isLong = now - nonces.since > 4 * limits.skewMilliseconds
        nonces = Nonces(since: now, young: [], old: isLong ? [] : nonces.young)
      }
      guard !nonces.old.contains(nonce), !nonces.young.contains(nonce) else { return .replayed }
      guard nonces.young.count < limits.noncesMax else { return .full }
      nonces.young.insert(nonce)
      return nil
    }
    if let refusal { throw refusal }
  }
}
