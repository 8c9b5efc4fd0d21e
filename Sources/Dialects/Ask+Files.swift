import ChatCore
import HTTP1
import JSONText
import Tokens

/// Files that anyone may read who has their names: pictures, and what is sent by its name.
extension Ask {
  /// Keeps a form's file under a name of its own, which is the answer; what its bytes are must be one of `types`, and
  /// what the client says of them is not asked.
  public func publish(_ field: String, as types: Set<FileType>) async throws -> JSONValue {
    guard let (name, bytes) = upload(field) else { throw Refusal(400, "No \(field) part") }
    guard types.contains(FileType(sniffing: bytes)) else { throw Refusal(400, "Invalid \(field) format") }
    let file = try await run(UploadFile(name: name, bytes: bytes, access: .anyoneWithLink))
    guard let published = PublicFileName(file) else { throw ChatError.internalError("a public file has no name") }
    return .string(published.text(named: file.name))
  }

  /// The public file whose name stands in the path, or under `nobody` the picture of who has none.
  public func publicFile(at place: Int, nobody: String) async throws -> Answer {
    let name = path.indices.contains(place) ? path[place] : ""
    guard name != nobody else { return .nobodysPicture }
    return .file(try await run(ReadPublicFile(name: name)))
  }
}

extension Answer {
  /// The picture of who has none: a head and shoulders.
  static let nobodysPicture = Answer(
    200, .bytes(Base64URL.decode(nobody.utf8) ?? [], type: "image/png"),
    headers: ["Cache-Control": "public, max-age=86400", "Cross-Origin-Resource-Policy": "cross-origin"])

  private static let nobody =
    "iVBORw0KGgoAAAANSUhEUgAAADAAAAAwAQMAAABtzGvEAAAABlBMVEWKlKPj5-xyMxzLAAAAYUlEQVR42p3OsQ2AIBCF4Z9QWDICoziajMY"
    + "ojEBJYdDjggaNMcbXfNW9d2wa_lO8kiYlWiUYBQYqLN-43h1lvboP9dm3z7Ibznt1AS9kcEKCSYhghQBGQHJSG8uNtTE_sgMV5sFyUIbakw"
    + "AAAABJRU5ErkJggg"
}
