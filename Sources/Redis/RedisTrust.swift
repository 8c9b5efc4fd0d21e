import IORuntime

/// What vouches for the Redis of some settings; made once for all links, since reading the system's authorities takes
/// milliseconds.
///
/// - Isolation: the loop of its links.
final class RedisTrust {
  private let settings: RedisSettings
  private var made: TLSClient?

  init(_ settings: RedisSettings) { self.settings = settings }

  /// Nothing when the connections are not encrypted.
  func client() throws(TLSError) -> TLSClient? {
    if settings.tls, made == nil { made = try TLSClient(authorityFile: settings.authorityFile) }
    return made
  }
}
