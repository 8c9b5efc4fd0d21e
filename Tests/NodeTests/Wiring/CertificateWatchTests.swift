import Foundation
import IORuntime
import TestKit
import Testing

@testable import Node

@Suite struct CertificateWatchTests {
  @Test func `a certificate that is replaced is read, and one that cannot be is told of once`() async throws {
    let certificate = try Certificate()
    let server = try TLSServer(certificateChainFile: certificate.chain, keyFile: certificate.key)
    let log = WrittenLog()
    let loop = try EventLoop(name: "test")
    try loop.start()
    defer {
      loop.stop()
      loop.join()
    }
    try Data("garbage".utf8).write(to: URL(fileURLWithPath: certificate.chain))
    let logger = log.logger
    try await loop.submit { try CertificateWatch(server, logger).begin(on: loop, every: 20) }
    #expect(log.lines(1).first?.contains("certificate not replaced") == true)
    // Many looks later nothing else has been told.
    await loop.sleep(200)
    let next = try Certificate()
    for (file, old) in [(next.key, certificate.key), (next.chain, certificate.chain)] {
      #expect(rename(file, old) == 0)
    }
    // The key may be seen before its certificate.
    var told: [String] = []
    for _ in 0..<2 where told.last?.contains("certificate replaced") != true { told += log.lines(1) }
    #expect(told.last?.contains("certificate replaced") == true, "\(told)")
  }

  @Test func `its thread ends with its loop`() async throws {
    let certificate = try Certificate()
    let server = try TLSServer(certificateChainFile: certificate.chain, keyFile: certificate.key)
    let loop = try EventLoop(name: "test")
    try loop.start()
    let (log, held) = (WrittenLog(), Held())
    let logger = log.logger
    try await loop.submit {
      let watch = try CertificateWatch(server, logger)
      held.pool = watch.pool
      watch.begin(on: loop)
    }
    #expect(held.pool != nil, "its thread holds it")
    loop.stop()
    loop.join()
    _ = try await onLoop { other in
      try await eventually(within: 10_000, on: other) { held.pool == nil }
    }
  }

  private final class Held: @unchecked Sendable {
    weak var pool: BlockingPool?
  }
}
