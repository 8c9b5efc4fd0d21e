import API
import ChatCore
import Realtime

/// Counts the operations of sockets in the same buckets as REST.
struct OperationBuckets: OperationGate {
  let gate: RateGate

  func counts(_ rate: Operation.Rate) -> Bool {
    switch rate {
    case .none: false
    case .send: gate.counts(.send)
    case .write: gate.counts(.write)
    }
  }

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
