import Foundation
import Testing

@testable import TestKit

/// What servers of a test's own leave behind: nothing.
@Suite("A private database server")
struct PrivatePostgresTests {
  @Test("leaves neither files nor shared memory, however it ended", arguments: [true, false])
  func leavesNothing(isKilled: Bool) async throws {
    let server = try await PrivatePostgres.start()
    defer { server.end() }
    let directory = try #require(server.directory)
    let segments = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/data/pg_dynshmem")
    #expect(!segments.isEmpty, "shared memory lies elsewhere than in the server's own directory")
    let lines = PrivatePostgres.contents(of: "\(directory)/data/postmaster.pid").split(separator: "\n")
    let segment = try #require(lines.count > 6 ? lines[6] : nil).split(separator: " ")
    #expect(Self.systemSegments.contains(segment))
    if isKilled { server.kill9() }
    server.cutLeash()
    #expect(!Self.systemSegments.contains(segment))
    #expect(!FileManager.default.fileExists(atPath: directory))
  }

  /// Key and id of each segment of System V.
  private static var systemSegments: [[Substring]] {
    PrivatePostgres.contents(of: "/proc/sysvipc/shm").split(separator: "\n")
      .map { Array($0.split(separator: " ").prefix(2)) }
  }
}
