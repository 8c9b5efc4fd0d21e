import IORuntime

/// A Lua script that Redis runs atomically; sent whole once, by its digest from then on.
///
/// - Isolation: one a loop, since it learns its digest from Redis.
public final class RedisScript: @unchecked Sendable {
  private let source: String
  private var digest: String?

  /// Takes the text of the script.
  public init(_ source: String) { self.source = source }

  fileprivate func byDigest(_ keys: [String], _ arguments: [String]) -> RedisCommand? {
    guard let digest else { return nil }
    return RedisCommand(["EVALSHA", digest, String(keys.count)] + keys + arguments)
  }

  fileprivate func whole(_ keys: [String], _ arguments: [String]) -> RedisCommand {
    RedisCommand(["EVAL", source, String(keys.count)] + keys + arguments)
  }

  fileprivate var load: RedisCommand { RedisCommand("SCRIPT", "LOAD", source) }
  fileprivate func learn(_ reply: RedisReply) { digest = reply.text }
}

extension RedisClient {
  /// Runs a script; its keys must lie in one slot.
  ///
  /// A Redis that does not know the script, because it is new or has been restarted, gets it whole, once more.
  ///
  /// - Parameter handler: called once, on the loop.
  /// - Throws: `.unavailable` or `.busy`: nothing was sent, and `handler` is not called.
  public func submit(
    _ script: RedisScript, keys: [String], arguments: [String], deadline: Int64? = nil,
    _ handler: @escaping (Result<RedisReply, RedisError>) -> Void
  ) throws(RedisError) {
    guard let short = script.byDigest(keys, arguments) else {
      try submit(script.load) { if case .success(let reply) = $0 { script.learn(reply) } }
      return try submit(script.whole(keys, arguments), deadline: deadline, handler)
    }
    try submit(short, deadline: deadline) { [weak self] result in
      guard case .failure(let error) = result, error.code == "NOSCRIPT", let self else { return handler(result) }
      do throws(RedisError) {
        try self.submit(script.whole(keys, arguments), deadline: deadline, handler)
      } catch {
        handler(.failure(error))
      }
    }
  }

  /// Runs a script and gives its reply.
  ///
  /// - Throws: ``RedisError``.
  public func run(
    _ script: RedisScript, keys: [String], arguments: [String] = [], deadline: Int64? = nil
  ) async throws(RedisError) -> RedisReply {
    let result: Result<RedisReply, RedisError> = await withUnsafeContinuation { continuation in
      do throws(RedisError) {
        try submit(script, keys: keys, arguments: arguments, deadline: deadline) { continuation.resume(returning: $0) }
      } catch {
        continuation.resume(returning: .failure(error))
      }
    }
    return try result.get()
  }
}
