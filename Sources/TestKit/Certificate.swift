import Foundation

/// A certificate that is its own authority, and its key, in files of its own that go with it, or with the process.
public final class Certificate: Sendable {
  /// What it is good for: `localhost` and 127.0.0.1.
  public static let local = "DNS:localhost,IP:127.0.0.1"

  private let directory: String
  private let leash: Leash
  /// The certificate, as PEM; what trusts it as an authority reads the same file.
  public var chain: String { directory + "/chain.pem" }
  /// Its private key, as PEM.
  public var key: String { directory + "/key.pem" }

  /// Makes one that is good for these names.
  ///
  /// - Shape: of `names` what OpenSSL's `subjectAltName` takes.
  /// - Errors: ``NotMade`` when the program `openssl` is not there or refuses.
  public init(names: String = Certificate.local) throws {
    directory = NSTemporaryDirectory() + "/certificate-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    leash = try Leash(removing: directory)
    try make(name: "localhost", names: names)
  }

  /// Makes another certificate in the same files, good for a name and 127.0.0.1.
  public func make(name: String) throws { try make(name: name, names: "DNS:\(name),IP:127.0.0.1") }

  private func make(name: String, names: String) throws {
    let openssl = Process()
    openssl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    openssl.arguments = [
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=\(name)", "-addext", "subjectAltName=\(names)", "-keyout", key, "-out", chain,
    ]
    openssl.standardError = FileHandle.nullDevice
    try openssl.run()
    openssl.waitUntilExit()
    guard openssl.terminationStatus == 0 else { throw NotMade() }
  }

  deinit { leash.cut() }

  /// `openssl` said no.
  public struct NotMade: Error {}
}
