import ChatCore
import Client
import Glibc
import IORuntime
import MemoryAdapters
import ObjectStore
import Synchronization
import Testing

@testable import TestKit

/// On a service that computes each signature by itself, with another language's library.
@Suite("An S3-compatible service", .serialized) struct S3BlobsTests {
  /// A running service and a client of it.
  private final class Service: Sendable {
    let process: pid_t
    let port: UInt16
    let folder: String
    let loop: EventLoop
    let reports = Mutex<[String]>([])

    init() async throws {
      var template = Array("/tmp/martlet-s3-XXXXXX".utf8CString)
      try #require(mkdtemp(&template) != nil)
      let folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let log = folder + "/log"
      let script = #filePath.replacing("S3BlobsTests.swift", with: "service.py")
      process = try ChildProcess.spawn(["python3", script], environment: [:], log: log)
      var port: UInt16?
      for _ in 0..<1_000 where port == nil {
        try await Task.sleep(for: .milliseconds(10))
        let line = PrivatePostgres.contents(of: log).split(separator: "\n").first
        port = line.flatMap { UInt16($0.dropFirst("port ".count)) }
      }
      self.port = try #require(port)
      self.folder = folder
      loop = try EventLoop(name: "s3")
      try loop.start()
    }

    func end() {
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
      loop.stop()
      unlink(folder + "/log")
      rmdir(folder)
    }

    func blobs(secret: String = "secret/with+signs", path: String = "/files") throws -> S3Blobs {
      let place = try #require(S3Settings.Place(url: "http://127.0.0.1:\(port)\(path)"))
      let settings = S3Settings(place: place, region: "eu-test-1", accessKey: "AKIDEXAMPLE", secretKey: secret)
      return try S3Blobs(loop: loop, settings: settings, clock: WallClock()) { report in
        self.reports.withLock { $0.append(report) }
      }
    }
  }

  private static func with(_ body: (Service) async throws -> Void) async throws {
    let service = try await Service()
    defer { service.end() }
    try await withTaskExecutorPreference(service.loop) { try await body(service) }
  }

  @Test func `what is kept comes back in parts, until it is dropped`() async throws {
    try await Self.with { service in
      let blobs = try service.blobs()
      let id = FileID(counter: 77, bucket: Bucket(folding: 4_095))
      let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
      try await blobs.put(id, ([1, 2] + bytes)[2...])
      #expect(try await blobs.bytes(of: id, in: 0..<262_144) == Array(bytes[..<262_144]))
      #expect(try await blobs.bytes(of: id, in: 262_144..<300_000) == Array(bytes[262_144...]))
      #expect(try await blobs.bytes(of: id, in: 5..<6) == [bytes[5]])
      try await blobs.delete(id)
      try await blobs.delete(id)
      await #expect(throws: ChatError.notFound(.file)) { try await blobs.bytes(of: id, in: 0..<1) }
      #expect(service.reports.withLock { $0 }.isEmpty)
    }
  }

  @Test func `another secret, a broken service and one that is gone are told as away, and reported`() async throws {
    try await Self.with { service in
      let id = FileID(counter: 1, bucket: Bucket(folding: 0))
      let away = ChatError.unavailable(.files, retryAfter: 1_000)
      let stranger = try service.blobs(secret: "another")
      await #expect(throws: away) { try await stranger.put(id, [1]) }
      let broken = try service.blobs(path: "/broken")
      await #expect(throws: away) { try await broken.bytes(of: id, in: 0..<1) }
      let gone = try service.blobs()
      kill(service.process, SIGKILL)
      waitpid(service.process, nil, 0)
      await #expect(throws: away) { try await gone.delete(id) }
      let reports = service.reports.withLock { $0 }
      #expect(reports.count == 3)
      #expect(reports.first == "files: PUT was answered 403 SignatureDoesNotMatch")
      #expect(reports.allSatisfy { !$0.contains("another") })
    }
  }

  /// Whoever named a bucket that there is not once had all files told as gone, and those that were deleted forgotten.
  @Test func `without a bucket files are away and not gone`() async throws {
    try await Self.with { service in
      let nowhere = try service.blobs(path: "/nowhere")
      let id = FileID(counter: 1, bucket: Bucket(folding: 0))
      let away = ChatError.unavailable(.files, retryAfter: 1_000)
      await #expect(throws: away) { try await nowhere.put(id, [1]) }
      await #expect(throws: away) { try await nowhere.bytes(of: id, in: 0..<1) }
      await #expect(throws: away) { try await nowhere.delete(id) }
      let reports = service.reports.withLock { $0 }
      #expect(reports == ["PUT", "GET", "DELETE"].map { "files: \($0) was answered 404 NoSuchBucket" })
    }
  }

  @Test(arguments: ["/early", "/long", "/short"])
  func `another part than was asked for is not taken for it`(path: String) async throws {
    try await Self.with { service in
      let id = FileID(counter: 1, bucket: Bucket(folding: 0))
      let blobs = try service.blobs(path: path)
      try await blobs.put(id, [1, 2, 3, 4])
      let away = ChatError.unavailable(.files, retryAfter: 1_000)
      await #expect(throws: away) { try await blobs.bytes(of: id, in: 1..<3) }
      #expect(service.reports.withLock { $0 } == ["files: GET was answered with another part than was asked for"])
    }
  }

  @Test func `a bucket's URL has a host, perhaps a port, and a plain path`() {
    let place = S3Settings.Place(url: "https://s3.example.org/files/")
    #expect(place?.port == 443)
    #expect(place?.path == "/files")
    #expect(S3Settings.Place(url: "http://127.0.0.1:9000")?.port == 9_000)
    for wrong in ["", "s3.example.org", "ftp://a/b", "https:///b", "https://a:b/c", "https://u@a/b", "https://a/b?c"] {
      #expect(S3Settings.Place(url: wrong) == nil, "\(wrong)")
    }
  }
}
