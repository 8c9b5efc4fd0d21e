import ChatCore
import HTTP1
import JSONText
import Tokens

/// Files that anyone may read who has their names: pictures, and what is sent by its name.
extension Ask {
  /// Keeps a form's file under a name of its own, which is the answer.
  ///
  /// - Parameters:
  ///   - types: what its bytes may be; what the client says of them is not asked.
  ///   - missing: what is said when there is none.
  ///   - wrong: what is said of other bytes.
  public func publish(
    _ field: String, as types: Set<FileType>, missing: Refusal, wrong: Refusal
  ) async throws -> String {
    guard let (name, bytes) = upload(field) else { throw missing }
    guard types.contains(FileType(sniffing: bytes)) else { throw wrong }
    let file = try await run(UploadFile(name: name, bytes: bytes, access: .anyoneWithLink))
    guard let published = PublicFileName(file) else { throw ChatError.internalError("a public file has no name") }
    return published.text(named: file.name)
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
