import API
import ChatCore
import Realtime

/// Counts the operations of sockets in the same buckets as REST.
struct OperationBuckets: OperationGate {
  let gate: RateGate

  func retryAfter(_ rate: Operation.Rate, _ caller: Caller) async -> Milliseconds? {
    switch rate {
    case .none: nil
    case .send: await gate.retryAfter(.send, caller)
    case .write: await gate.retryAfter(.write, caller)
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

  /// How often each class of request may come; reading and other changes have room for any client that is not a loop.
  var ratePolicies: [RateClass: RatePolicy] {
    let chosen: [RateClass: Rate] = [
      .send: rates.send, .register: rates.register, .signIn: rates.signInAddress, .signInAccount: rates.signInAccount,
    ]
    let fixed: [RateClass: RatePolicy] = [
      .write: RatePolicy(burst: 600, perSecond: 100), .read: RatePolicy(burst: 2_000, perSecond: 500),
      .search: RatePolicy(burst: 60, perSecond: 5),
    ]
    return chosen.filter { $0.value != .off }.mapValues(RatePolicy.init).merging(fixed) { chosen, _ in chosen }
  }
}

extension RatePolicy {
  init(_ rate: Rate) {
    self.init(burst: rate.burst, perSecond: Double(rate.count) * 1_000 / Double(max(1, rate.period)))
  }
}
