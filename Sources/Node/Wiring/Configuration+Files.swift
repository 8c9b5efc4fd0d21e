import Client
import IORuntime
import ObjectStore

extension Configuration {
  /// The service that keeps the bytes of files, if the settings name one; `report` hears what it refuses.
  ///
  /// - Throws: ``TLSError`` that names the authorities' file when it cannot be read.
  func objects(
    on loop: EventLoop, report: @escaping @Sendable (String) -> Void
  ) throws(TLSError) -> S3Blobs? {
    guard let place = files.url.flatMap(S3Settings.Place.init(url:)) else { return nil }
    let settings = S3Settings(
      place: place, region: files.region, accessKey: files.accessKey ?? "", secretKey: files.secretKey?.revealed ?? "",
      authorityFile: files.authorityFile)
    return try S3Blobs(loop: loop, settings: settings, clock: SystemClock(), report: report)
  }
}
