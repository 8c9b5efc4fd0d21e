import HTTP1

/// What a server answered.
public struct Reply: Sendable, Equatable {
  /// The status code.
  public let status: Int
  /// The header fields.
  public let headers: HeaderFields
  /// The body.
  public let body: [UInt8]

  /// Whether the server keeps the connection open for another request.
  public var keepsAlive: Bool { !headers.contains("connection", token: "close") }
}

/// Reads the answers of a server that frames them by Content-Length, as ours and its balancers do, or in few chunks, as
/// some services do what they refuse; bytes in, replies out.
///
/// - Limits: ``headBytesMax``, ``bodyBytesMax``, and a mebibyte of chunks; what breaks them, or is framed otherwise,
///   ends the connection.
public struct ReplyReader: Sendable {
  /// Bytes of a status line and its headers: four times what we accept ourselves.
  public static let headBytesMax = 64 << 10
  /// Bytes of a body: the largest page of history many times.
  public static let bodyBytesMax = 64 << 20

  /// What the bytes have brought.
  public enum Event: Sendable {
    /// Nothing whole yet.
    case needMore
    /// An answer.
    case reply(Reply)
    /// Something that is none, and why.
    case failed(String)
  }

  private var bytes: [UInt8] = []
  /// The next reply answers HEAD, or is the one to an upgrade: it has no body whatever it says.
  public var expectsNoBody = false

  /// A reader at the beginning of a connection.
  public init() {}

  /// Takes what has arrived.
  public mutating func append(_ input: UnsafeRawBufferPointer) { bytes.append(contentsOf: input) }

  /// Whether nothing waits to be read.
  var isEmpty: Bool { bytes.isEmpty }

  /// What came after the last reply; an upgraded connection's first bytes.
  public mutating func takeRest() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// The next answer, if it is whole.
  public mutating func next() -> Event {
    // An interim answer is passed over; a loop, since as many may come at once as a server likes.
    while let end = endOfHead() {
      guard let (status, headers) = ReplyReader.head(bytes[..<end]) else { return .failed("the answer is no HTTP/1.1") }
      guard status == 100 else { return reply(status, headers, bodyAt: end + 4) }
      bytes.removeFirst(end + 4)
    }
    return bytes.count > Self.headBytesMax ? .failed("the head of the answer does not end") : .needMore
  }

  private mutating func reply(_ status: Int, _ headers: HeaderFields, bodyAt start: Int) -> Event {
    let hasNone = expectsNoBody || status == 101 || status == 204 || status == 304
    if !hasNone, headers.contains("transfer-encoding") { return reply(status, headers, inChunksAt: start) }
    guard let length = hasNone ? 0 : Int(headers["content-length"] ?? ""), (0...Self.bodyBytesMax).contains(length)
    else { return .failed("the answer \(status) is not framed by Content-Length") }
    guard bytes.count >= start + length else { return .needMore }
    let body = Array(bytes[start..<(start + length)])
    bytes.removeFirst(start + length)
    return .reply(Reply(status: status, headers: headers, body: body))
  }

  private mutating func reply(_ status: Int, _ headers: HeaderFields, inChunksAt start: Int) -> Event {
    // Who says both may mean either.
    let codings = headers.values(for: "transfer-encoding").map { $0.lowercased() }
    let isPlain = codings == ["chunked"] && !headers.contains("content-length")
    switch isPlain ? Chunks(bytes, from: start) : .broken {
    case .needMore: return .needMore
    case .broken: return .failed("the answer \(status) has a body that cannot be read")
    case .whole(let body, let end):
      bytes.removeFirst(end)
      return .reply(Reply(status: status, headers: headers, body: body))
    }
  }

  private func endOfHead() -> Int? {
    let mark = Array("\r\n\r\n".utf8)
    guard bytes.count >= 4 else { return nil }
    for index in 0...(bytes.count - 4) where bytes[index] == mark[0] && bytes[index..<index + 4].elementsEqual(mark) {
      return index
    }
    return nil
  }

  private static func head(_ bytes: ArraySlice<UInt8>) -> (Int, HeaderFields)? {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n")
    guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3)) else {
      return nil
    }
    var headers: HeaderFields = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { return nil }
      headers.append(String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }
    return (status, headers)
  }
}
