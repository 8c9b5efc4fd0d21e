import ChatCore
import IORuntime

/// Looks whether the certificate of a node that does TLS itself has been replaced, so that no node is restarted for it.
///
/// - Isolation: its loop, whose end is its own: nobody else holds it.
final class CertificateWatch: @unchecked Sendable {
  /// How often it looks; who replaces a certificate has days.
  static let interval: Milliseconds = 10_000
  /// How often it tells why there is none, as long as that stays: the old one ends some day.
  static let reminder: Milliseconds = 3_600_000

  private let server: TLSServer
  private let logger: Logger
  /// Files may lie on what does not answer.
  let pool: BlockingPool
  private var told: (error: TLSError, at: Milliseconds)?

  init(_ server: TLSServer, _ logger: Logger) throws(SystemError) {
    self.server = server
    self.logger = logger
    pool = try BlockingPool(name: "certificate", threads: 1, queueMax: 1)
  }

  deinit { pool.shutdown() }

  /// Begins to look, until the loop stops.
  func begin(on loop: EventLoop, every interval: Milliseconds = CertificateWatch.interval) {
    loop.schedule(after: interval) {
      loop.spawn {
        await self.look()
        self.begin(on: loop, every: interval)
      }
    }
  }

  private func look() async {
    do {
      let server = server
      guard try await pool.run({ try server.readAgainIfChanged() }) else { return }
      told = nil
      logger.info("certificate replaced")
    } catch let error as TLSError {
      let now = EventLoop.monotonicMilliseconds()
      if let told, told.error == error, now - told.at < Self.reminder { return }
      told = (error, now)
      logger.warning("certificate not replaced", .text("reason", "\(error)"), .text("meaning", "the old one is kept"))
    } catch {
      // It is still at the last look.
    }
  }
}
