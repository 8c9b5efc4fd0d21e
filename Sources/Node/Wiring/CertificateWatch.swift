import ChatCore
import IORuntime

/// Looks whether the certificate of a node that does TLS itself has been replaced, so that no node is restarted for it.
///
/// - Isolation: its loop.
final class CertificateWatch: @unchecked Sendable {
  /// How often it looks; who replaces a certificate has days.
  static let interval: Milliseconds = 10_000

  private let server: TLSServer
  private let logger: Logger

  init(_ server: TLSServer, _ logger: Logger) {
    self.server = server
    self.logger = logger
  }

  /// Begins to look, until the loop stops.
  func begin(on loop: EventLoop, every interval: Milliseconds = CertificateWatch.interval) {
    loop.schedule(after: interval) {
      self.look()
      self.begin(on: loop, every: interval)
    }
  }

  private func look() {
    do throws(TLSError) {
      if try server.readAgainIfChanged() { logger.info("certificate replaced") }
    } catch {
      logger.warning("certificate not replaced", .text("reason", "\(error)"), .text("meaning", "the old one is kept"))
    }
  }
}
