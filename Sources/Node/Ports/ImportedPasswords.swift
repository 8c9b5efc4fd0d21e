import ChatCore
import Glibc
import IORuntime
import Tokens

/// What an import does about passwords: hashes those in clear on all cores, judges hashes of others.
final class ImportedPasswords: ImportPasswords, Sendable {
  /// As many wait as an import has under way at once.
  private static let queueMax = 64

  let pool: BlockingPool
  private let hasher: PasswordHasher

  init() throws {
    hasher = try PasswordHasher()
    pool = try BlockingPool(
      name: "password", threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))), queueMax: Self.queueMax)
  }

  func hash(_ password: String) async throws(ChatError) -> String {
    let hasher = hasher
    do {
      return try await pool.run { try hasher.hash(password) }
    } catch is PoolFull {
      throw .unavailable(.node, retryAfter: 1_000)
    } catch {
      throw .internalError("password hashing: \(error)")
    }
  }

  func canVerify(_ hash: String) -> Bool { PasswordHasher.canVerify(hash) }
}
