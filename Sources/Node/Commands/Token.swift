import ChatCore
import IORuntime
import JSONText
import Postgres
import PostgresStore
import Tokens

/// `martlet token <username>`: opens a session for a user and prints its tokens, for operators, bots and tests.
///
/// Whoever may run it has the keys and the database, and so every user's rights already.
enum Token {
  static func run(_ invocation: Program.Invocation) -> Int32 {
    guard invocation.arguments.count == 1 else { return Program.refuse("token takes one username.") }
    let username = invocation.arguments[0]
    guard let configuration = OneLoop.configuration(invocation, for: .token) else { return OneLoop.wrongSettings }
    return OneLoop.run { loop in
      do {
        let text = try await open(for: username, on: loop, configuration)
        Terminal.print(text)
        return 0
      } catch {
        Terminal.complain("\(error)")
        return OneLoop.code(of: error)
      }
    }
  }

  private static func open(for username: String, on loop: EventLoop, _ configuration: Configuration) async throws
    -> String
  {
    let pool = try PostgresPool(loop: loop, settings: configuration.postgresSettings)
    pool.start()
    defer { pool.close() }
    let stores = PostgresStores(pool: pool, limits: configuration.shared.limits)
    guard let user = try await stores.users.credentials(ofUsernameKey: Username.key(of: username))?.user else {
      throw StartFailure("There is no user '\(username)'.")
    }
    let credentials = PasswordsAndTokens(
      secrets: try Secrets(configuration, isDevelopment: false), hasher: try PasswordHasher(),
      pool: try BlockingPool(name: "password", threads: 1, queueMax: 1), report: { _ in })
    let nonce = credentials.nonce()
    let session = try await stores.sessions.open(
      user: user.id, device: "martlet token", nonce: nonce, most: configuration.shared.limits.sessionsPerUserMax)
    let access = credentials.accessToken(for: session)
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("access_token", access.token)
      writer.member("expires_in", access.expiresIn)
      writer.member(
        "refresh_token", credentials.refreshToken(session: session.id, generation: 1, nonce: nonce))
      writer.member("user", user.id.rawValue)
    }
    return String(decoding: writer.finish(), as: UTF8.self)
  }
}
