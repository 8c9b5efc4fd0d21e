import Client
import HTTP1
import IORuntime
import JSONText

/// A registered user who has signed in.
public struct Account: Sendable {
  /// His id.
  public let user: Int64
  /// His name.
  public let username: String
  /// His own affairs' conversation.
  public let ownConversation: Int64
  /// An access token.
  public let token: String

  /// The password of everybody in tests.
  public static let password = "correct horse battery"

  /// Registers and signs in.
  public static func open(_ username: String, at node: RESTClient) async throws(CallFailure) -> Account {
    let body: JSONValue = ["username": .string(username), "password": .string(password)]
    _ = try await node.done(.post, "/v1/users", body)
    return try await signIn(username, at: node)
  }

  /// One more session of somebody who is registered.
  public static func signIn(_ username: String, at node: RESTClient) async throws(CallFailure) -> Account {
    let body: JSONValue = ["username": .string(username), "password": .string(password)]
    let tokens = try await node.done(.post, "/v1/sessions", body)
    guard let token = tokens["access_token"]?.string else { throw CallFailure("no token: \(tokens.text)") }
    let me = try await node.done(.get, "/v1/users/me", token: token)
    guard let user = me["id"]?.integer, let own = me["self_conversation"]?.integer else {
      throw CallFailure("no self: \(me.text)")
    }
    return Account(user: user, username: username, ownConversation: own, token: token)
  }
}
