import ChatCore
import Synchronization
import Testing

@testable import Node

@Suite("What martlet doctor tries of a service of files")
struct DoctorFilesTests {
  /// Keeps what it is given, and gives back the bytes that it is told to, or those.
  private final class Shelf: BlobStore {
    let kept = Mutex<[FileID: [UInt8]]>([:])
    let seen = Mutex<[FileID]>([])
    private let gives: [UInt8]?

    init(gives: [UInt8]? = nil) { self.gives = gives }

    func put(_ id: FileID, _ bytes: ArraySlice<UInt8>) async throws(ChatError) {
      kept.withLock { $0[id] = Array(bytes) }
      seen.withLock { $0.append(id) }
    }
    func bytes(of id: FileID, in range: Range<Int64>) async throws(ChatError) -> [UInt8] {
      gives ?? Array(kept.withLock { $0[id] ?? [] }[Int(range.lowerBound)..<Int(range.upperBound)])
    }
    func delete(_ id: FileID) async throws(ChatError) { kept.withLock { $0[id] = nil } }
  }

  @Test func `leaves nothing behind, and touches no name that a file may have`() async throws {
    let shelf = Shelf()
    for _ in 0..<20 { try await Doctor.tryFiles(shelf) }
    #expect(shelf.kept.withLock { $0 }.isEmpty)
    let names = shelf.seen.withLock { $0 }
    #expect(names.count == 20 && names.allSatisfy { $0.rawValue < 0 })
  }

  @Test func `a service that gives back other bytes is noticed, and keeps nothing either`() async {
    let shelf = Shelf(gives: [1, 2])
    await #expect(throws: ChatError.notFound(.file)) { try await Doctor.tryFiles(shelf) }
    #expect(shelf.kept.withLock { $0 }.isEmpty)
  }
}
