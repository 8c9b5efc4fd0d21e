import ChatCore
import Client
import HTTP1
import IORuntime
import Tokens

/// The bytes of files in an S3-compatible service, an object for each file: `<path>/files/<bucket>/<id>`.
///
/// - Errors: `.unavailable(.files)` when the service is away or refuses us; what it says goes to `report`.
/// - Isolation: its loop; callers on other executors are not served.
public final class S3Blobs: BlobStore {
  /// How long a file may take to be stored: 25 MiB at 1 MB/s.
  private static let putDeadline: Int64 = 30_000
  /// How long a piece, or a deletion, may take.
  private static let callDeadline: Int64 = 10_000

  private let client: HTTPClient
  private let settings: S3Settings
  private let clock: any Clock
  private let report: @Sendable (String) -> Void

  /// A client of the service; connects when it is first asked.
  ///
  /// - Throws: ``TLSError`` that names the authorities' file when it cannot be read.
  public init(
    loop: EventLoop, settings: S3Settings, clock: any Clock, report: @escaping @Sendable (String) -> Void
  ) throws(TLSError) {
    let place = settings.place
    client = HTTPClient(
      loop: loop, address: .ip(host: place.host, port: place.port), host: place.hostField,
      tls: place.isSecure ? try TLSClient(authorityFile: settings.authorityFile) : nil)
    self.settings = settings
    self.clock = clock
    self.report = report
  }

  /// Closes idle connections.
  public func close() { client.close() }

  /// Keeps the bytes.
  public func put(_ id: FileID, _ bytes: ArraySlice<UInt8>) async throws(ChatError) {
    let reply = try await call(.put, id, body: Array(bytes), deadline: S3Blobs.putDeadline)
    guard (200..<300).contains(reply.status) else { throw refusal(of: "PUT", reply) }
  }

  /// A part of them.
  public func bytes(of id: FileID, in range: Range<Int64>) async throws(ChatError) -> [UInt8] {
    guard !range.isEmpty else { return [] }
    let reply = try await call(.get, id, headers: ["Range": "bytes=\(range.lowerBound)-\(range.upperBound - 1)"])
    switch reply.status {
    case 206:
      guard isPart(reply, range) else {
        report("files: GET was answered with another part than was asked for")
        throw S3Blobs.away
      }
      return reply.body
    // A service that does not know ranges sends all of it.
    case 200: return Array(reply.body.dropFirst(Int(clamping: range.lowerBound)).prefix(range.count))
    case 404 where S3Blobs.isGone(reply), 416: throw .notFound(.file)
    default: throw refusal(of: "GET", reply)
    }
  }

  /// What a cache in between has of another range would be another file's bytes to whoever reads, and a part that
  /// was cut short the end of the file.
  private func isPart(_ reply: Reply, _ range: Range<Int64>) -> Bool {
    let said = reply.headers["Content-Range"]?.lowercased() ?? ""
    return said.hasPrefix("bytes \(range.lowerBound)-") && reply.body.count == range.count
  }

  /// Drops them.
  public func delete(_ id: FileID) async throws(ChatError) {
    let reply = try await call(.delete, id)
    guard (200..<300).contains(reply.status) || S3Blobs.isGone(reply) else { throw refusal(of: "DELETE", reply) }
  }

  private func call(
    _ method: Method, _ id: FileID, headers: HeaderFields = [:], body: [UInt8] = [],
    deadline: Int64 = S3Blobs.callDeadline
  ) async throws(ChatError) -> Reply {
    let path = "\(settings.place.path)/files/\(id.bucket.number)/\(id.rawValue)"
    let hash =
      settings.place.isSecure && !body.isEmpty
      ? RequestSignature.unsignedBody : Hexadecimal.encode(SHA256Digest.hash(body))
    var fields = RequestSignature(settings: settings).fields(method, path, at: clock.now.rfc3339, bodyHash: hash)
    for (name, value) in headers { fields.append(name, value) }
    do throws(CallFailure) {
      return try await client.call(method, path, headers: fields, body: body, deadline: deadline)
    } catch {
      report("files: \(method.rawValue): \(error)")
      throw S3Blobs.away
    }
  }

  private func refusal(of method: String, _ reply: Reply) -> ChatError {
    report("files: \(method) was answered \(reply.status)\(S3Blobs.code(in: reply).map { " \($0)" } ?? "")")
    return S3Blobs.away
  }

  /// Whether there is no such object. Where there is no bucket nothing is known of the object: it is not gone, and
  /// whoever deletes it has not.
  private static func isGone(_ reply: Reply) -> Bool { reply.status == 404 && code(in: reply) != "NoSuchBucket" }

  /// The service's word for what is wrong: `<Error><Code>RequestTimeTooSkewed</Code>…`. What else it says may quote us.
  private static func code(in reply: Reply) -> String? {
    let text = String(decoding: reply.body.prefix(2_048), as: UTF8.self)
    guard let begin = text.firstRange(of: "<Code>")?.upperBound else { return nil }
    let word = text[begin...].prefix { $0.isASCII && $0.isLetter }
    return (1...64).contains(word.utf8.count) && text[word.endIndex...].hasPrefix("</Code>") ? String(word) : nil
  }

  /// A second is about what a balancer needs to find another machine.
  private static let away = ChatError.unavailable(.files, retryAfter: 1_000)
}
