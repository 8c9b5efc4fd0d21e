import API
import ChatCore
import Realtime

/// Counts the operations of sockets in the same buckets as REST.
struct OperationBuckets: OperationGate {
  let gate: RateGate

  func retryAfter(_ rate: Operation.Rate, _ caller: Caller) async -> Milliseconds? {
    guard let kind = rate.kind else { return nil }
    return await gate.retryAfter(kind, caller)
  }

  func ask(_ rate: Operation.Rate, _ caller: Caller, told: @escaping @Sendable (Milliseconds?) -> Void) -> Bool {
    if let kind = rate.kind { return gate.ask(kind, caller, told: told) }
    told(nil)
    return true
  }
}

extension Operation.Rate {
  fileprivate var kind: RateClass? {
    switch self {
    case .none: nil
    case .send: .send
    case .write: .write
    }
  }
}

extension Configuration {
  /// What the domain holds to.
  var chatLimits: Limits {
    var limits = shared.limits
    let fanOut = RatePolicy(rates.fanOut)
    limits.fanOutPerSecond = fanOut.perSecond
    limits.fanOutBurst = fanOut.burst
    return limits
  }

  /// How often each class of request may come.
  var ratePolicies: [RateClass: RatePolicy] {
    let chosen: [RateClass: Rate] = [
      .send: rates.send, .write: rates.write, .read: rates.read, .search: rates.search,
      .register: rates.register, .signIn: rates.signInAddress, .signInAccount: rates.signInAccount,
    ]
    return chosen.filter { $0.value != .off }.mapValues(RatePolicy.init)
  }
}

extension RatePolicy {
  init(_ rate: Rate) {
    self.init(burst: rate.burst, perSecond: Double(rate.count) * 1_000 / Double(max(1, rate.period)))
  }
}
