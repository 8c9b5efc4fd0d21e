import ChatCore
import IORuntime
import ObjectStore
import Synchronization

/// Whether files can be kept where the settings say.
extension Doctor {
  /// True when there is no such service, since the database then keeps them.
  static func checkFiles(_ loop: EventLoop, _ configuration: Configuration) async -> Bool {
    let told = Mutex<String?>(nil)
    let blobs: S3Blobs?
    do throws(TLSError) {
      blobs = try configuration.objects(on: loop) { fault in told.withLock { $0 = fault } }
    } catch {
      return check("files", .failure(StartFailure("MARTLET_S3_CA_FILE: \(error)")))
    }
    guard let blobs else { return true }
    defer { blobs.close() }
    do throws(ChatError) {
      try await tryFiles(blobs)
      return check("files", .success("kept, read and dropped by the service of MARTLET_S3_URL"))
    } catch {
      let reason = told.withLock { $0 } ?? "the service gives back other bytes than it was given"
      return check("files", .failure(StartFailure("\(reason): are MARTLET_S3_URL, its region and its keys right?")))
    }
  }

  /// Keeps some bytes, reads a part of them, and drops them, by a name that no file has: below 0.
  ///
  /// - Throws: what the store does; `.notFound(.file)` when it gives back others.
  static func tryFiles(_ blobs: some BlobStore) async throws(ChatError) {
    let id = FileID(rawValue: Int64.random(in: Int64.min...(-1)))
    try await blobs.put(id, [1, 2, 3])
    let part: [UInt8]
    do throws(ChatError) {
      part = try await blobs.bytes(of: id, in: 1..<3)
    } catch {
      try? await blobs.delete(id)
      throw error
    }
    try await blobs.delete(id)
    guard part == [2, 3] else { throw .notFound(.file) }
  }
}
