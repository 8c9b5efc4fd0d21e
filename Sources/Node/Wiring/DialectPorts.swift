import API
import ChatCore
import Dialects
import EntryText

/// What the dialects ask of a node: who a token speaks for, and whether it is not too much.
struct DialectPorts: CredentialCheck, DialectGate {
  let sessionGuard: SessionGuard
  let gate: RateGate

  func caller(ofToken token: String) async throws(ChatError) -> Caller {
    try await sessionGuard.caller(ofToken: token)
  }

  func retryAfter(_ rate: Dialects.Rate, _ caller: Caller?, address: String) async -> Milliseconds? {
    let kind: RateClass =
      switch rate {
      case .none: .none
      case .read: .read
      case .write: .write
      case .send: .send
      case .search: .search
      case .register: .register
      }
    return await gate.retryAfter(kind, caller, address: address)
  }

  func retryAfter(furtherPage number: Int, _ caller: Caller?, address: String) async -> Milliseconds? {
    await gate.retryAfter(.read, furtherPage: number, caller, address: address)
  }

  func signIn(
    _ username: String, address: String, _ body: @Sendable () async throws(ChatError) -> SignedIn
  ) async throws(ChatError) -> SignedIn {
    try await gate.attempt(username: username, address: address, body)
  }
}
