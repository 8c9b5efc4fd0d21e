import ChatCore
import EntryText
import JSONText
import MemoryAdapters
import Synchronization
import TestKit

@testable import API

/// Takes the access tokens of ``FakeCredentials`` while their sessions live.
struct StageAuthenticator: Authenticator {
  let stage: Stage

  func caller(ofToken token: String) async throws(ChatError) -> Caller {
    let parts = token.split(separator: ".")
    guard parts.count == 3, parts[0] == "access", let user = Int64(parts[1]).flatMap({ UserID(checking: $0) }),
      let session = Int64(parts[2]).flatMap({ SessionID(checking: $0) })
    else { throw .unauthenticated(.invalidToken) }
    guard try await stage.world.ended(among: [session]).isEmpty else { throw .unauthenticated(.sessionEnded) }
    return Caller(user: user, session: session)
  }
}

/// Buckets that never fill again, and remember who was counted.
final class CountingLimiter: RateLimiter {
  private let taken = Mutex<[String: Int]>([:])

  var keys: [String: Int] { taken.withLock { $0 } }

  func take(_ key: String, cost: Int, capacity: Int, refillPerSecond: Double) async -> RateDecision {
    let used = taken.withLock { taken in
      taken[key, default: 0] += cost
      return taken[key, default: 0]
    }
    return RateDecision(
      allowed: used <= capacity, remaining: max(0, capacity - used), retryAfter: 1_500, resetAfter: 2_001)
  }
}

/// What the tests must know of the insides: the shapes of refusals, and every code that there is.
enum Schema {
  static let problem = Schemas.problem

  static let problems: [Problem] = Problem.known + RequestRefusal.allCases.map { $0.problem() }

  static let codes = Set(problems.map(\.code))

  static let faultCodes = Set(
    JSONText.Fault.Code.allCases.map(\.rawValue) + ["unknown_user", "unknown_file", ChatCore.Fault.unknownReply.code])

  static func openAPI(_ rows: [Endpoint]) -> [UInt8] { OpenAPI.document(rows, version: "1.2.3").bytes }
}
