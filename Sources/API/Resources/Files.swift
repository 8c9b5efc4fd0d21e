import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/files`: uploading, reading, listing, deleting.
enum Files {
  static func rows(_ limits: Limits) -> [Endpoint] { [upload, list(limits), read, delete] }

  private static let upload = Endpoint(
    .post, "/v1/files", "uploadFile",
    "Keeps a file: the body itself, or the part file of a multipart form. Its type is found in its bytes.",
    rate: .write,
    query: Shape(
      "FileUpload", [.string("name", .optional, bytes: 1...1_024, "What it is called; a form says it too.")]),
    takesFile: true, answers: [.init(201, Schemas.file, "It is kept.")], refusals: [409, 413, 415]
  ) { call async throws(ChatError) in
    let (bytes, formName) = try file(in: call.upload)
    let command = UploadFile(name: call.query.string("name") ?? formName, bytes: bytes)
    let file = try await command.run(in: call.chat, as: call.caller())
    return .json(.created) { EntryText.write(file.attachment, to: &$0) }
  }

  /// The bytes of the file, and its name in the form.
  private static func file(in upload: Upload) throws(ChatError) -> (ArraySlice<UInt8>, String?) {
    guard let type = upload.type, type.isSameType(as: MediaType("multipart", "form-data")) else {
      return (upload.body[...], nil)
    }
    let form: MultipartForm
    do throws(MultipartForm.Failure) {
      form = try MultipartForm(parsing: upload.body, boundary: type["boundary"] ?? "")
    } catch {
      throw fault("invalid_format", "The body is no multipart/form-data: \(error.rawValue).")
    }
    guard form.parts.count == 1, let part = form.parts.first, part.name == "file" else {
      throw fault("invalid_format", "The form must have exactly one part, named file.")
    }
    return (upload.body[part.range], part.fileName)
  }

  private static func fault(_ code: String, _ detail: String) -> ChatError {
    .invalid([ChatCore.Fault(pointer: "/file", code: code, detail: detail)])
  }

  private static func list(_ limits: Limits) -> Endpoint {
    Endpoint(
      .get, "/v1/files", "listFiles", "The caller's own files, newest first.",
      query: Shape("FileList", Field.paging(limits)), answers: [.init(200, Schemas.files, "A page of files.")]
    ) { call async throws(ChatError) in
      let command = ListFiles(before: try call.cursor(), limit: call.limit)
      let found = try await command.run(in: call.chat, as: call.caller())
      return .json(.ok) { writer in
        writer.listing("files", found, cursor: { String($0.rawValue) }) { EntryText.write($0.attachment, to: &$1) }
      }
    }
  }

  private static let read = Endpoint(
    .get, "/v1/files/{file}", "readFile",
    "The file, or the one range of it that Range asks for: to its owner, and to who may read where it was sent.",
    answers: [
      .init(200, nil, "The file.", isFile: true), .init(206, nil, "A part of it.", isFile: true),
      .init(304, nil, "The client has it."),
    ], refusals: [416]
  ) { call async throws(ChatError) in
    let pieces = try await ReadFile(file: call.id("file", .file)).run(in: call.chat, as: call.caller())
    return FileAnswer.of(pieces, call.fields)
  }

  private static let delete = Endpoint(
    .delete, "/v1/files/{file}", "deleteFile", "Deletes one of the caller's files; messages go on naming it.",
    rate: .write, answers: [.init(204, nil, "It is gone.")]
  ) { call async throws(ChatError) in
    try await DeleteFile(file: call.id("file", .file)).run(in: call.chat, as: call.caller())
    return .noContent
  }
}

/// How a file is served, at every door: nothing in it can act on the page or the origin that shows it.
///
/// - Source: RFC 9110 sections 13 and 14, RFC 6266, RFC 8187; OWASP File Upload Cheat Sheet.
public enum FileAnswer {
  /// The file, the part that `Range` asks for, or that the client has it already (`If-None-Match`); for doors that
  /// are no row of the catalog.
  public static func response(_ pieces: FilePieces, to head: RequestHead) -> Response {
    let answer = of(pieces, head.headers)
    var response = answer.refusal.map { Response(Status($0.status), headers: answer.headers) } ?? answer.response
    response.headers.append("X-Content-Type-Options", "nosniff")
    return response
  }

  static func of(_ pieces: FilePieces, _ headers: HeaderFields) -> Answer {
    let file = pieces.file
    let tag = EntityTag(String(file.id.rawValue))
    guard !EntityTag.isUnchanged(tag, ifNoneMatch: headers.values(for: "if-none-match")) else {
      return answer(.notModified, file, tag)
    }
    switch ByteRange(headers, size: file.size, current: tag) {
    case .whole: return answer(.ok, file, tag, pieces)
    case .part(let range):
      var answer = answer(206, file, tag, pieces.part(range))
      answer.headers.append("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)")
      return answer
    case .unsatisfiable:
      return .refusal(.rangeNotSatisfiable, ["Content-Range": "bytes */\(file.size)"])
    }
  }

  private static func answer(_ status: Status, _ file: File, _ tag: EntityTag, _ pieces: FilePieces? = nil) -> Answer {
    var answer = Answer.bytes(status, [], status == .notModified ? "" : file.type.rawValue)
    // What a file is never changes; who may read it does, so it is asked for each time.
    answer.caching = "private, no-cache"
    answer.headers = [
      "ETag": tag.description, "Accept-Ranges": "bytes", "Content-Disposition": disposition(file),
      "Content-Security-Policy": "default-src 'none'; sandbox",
      "Cross-Origin-Resource-Policy": file.access == .anyoneWithLink ? "cross-origin" : "same-site",
    ]
    if let pieces {
      let reader = PieceReader(pieces)
      answer.stream = BodyStream(length: Int(pieces.range.count)) { await reader.next() }
    }
    return answer
  }

  /// Saved, unless it is an image; the name in ASCII for old clients, and in UTF-8.
  private static func disposition(_ file: File) -> String {
    let plain = file.name.unicodeScalars.map { $0.isASCII && $0 != "\"" && $0 != "\\" && $0 != "%" ? $0 : "_" }
    let name = String(String.UnicodeScalarView(plain))
    return
      "\(file.type.isShownInline ? "inline" : "attachment"); filename=\"\(name)\"; "
      + "filename*=UTF-8''\(PercentCoding.encode(file.name))"
  }
}

/// Reads a file for one answer; confined to the task that sends it.
private final class PieceReader: @unchecked Sendable {
  private var pieces: FilePieces

  init(_ pieces: FilePieces) { self.pieces = pieces }

  func next() async -> [UInt8]? { (try? await pieces.piece()) ?? nil }
}
