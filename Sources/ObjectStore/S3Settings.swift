import Client

/// Where an S3-compatible service keeps files, and who we are there.
public struct S3Settings: Sendable {
  /// A bucket's URL, taken apart.
  public typealias Place = ServicePlace

  /// The bucket.
  public let place: Place
  /// The region that requests are signed for.
  public let region: String
  /// Who we are.
  public let accessKey: String
  /// What signs.
  let secretKey: String
  /// Authorities in PEM; nil trusts what the system trusts.
  public let authorityFile: String?

  /// Collects them.
  public init(place: Place, region: String, accessKey: String, secretKey: String, authorityFile: String? = nil) {
    self.place = place
    self.region = region
    self.accessKey = accessKey
    self.secretKey = secretKey
    self.authorityFile = authorityFile
  }
}
