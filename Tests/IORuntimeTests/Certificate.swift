import Foundation
import IORuntime

/// A certificate for `localhost` and 127.0.0.1 that is its own authority, in files of its own.
final class Certificate: Sendable {
  let directory: String
  var chain: String { directory + "/chain.pem" }
  var key: String { directory + "/key.pem" }

  init() throws {
    directory = NSTemporaryDirectory() + "/io-tls-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try make()
  }

  /// Makes another certificate in the same files.
  func make(name: String = "localhost") throws {
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(name),IP:127.0.0.1", "-keyout", key, "-out", chain,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw TLSError("openssl req failed") }
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }
}
