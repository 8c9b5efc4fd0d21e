import Glibc

/// The stories of the tree that these tests were built from:
/// `Tests/DialectsTests/Transcripts/<folder>/<story>.transcript`.
public enum Stories {
  /// A story and its name.
  public struct Story: Sendable, CustomStringConvertible {
    /// The file's name without its ending.
    public let name: String
    /// What it tells.
    public let transcript: Transcript
    /// For the test's report.
    public var description: String { name }
  }

  /// The stories of a dialect, by name: those of `umoc-session` lie in `UmocSession`.
  public static func of(dialect: String) throws -> [Story] {
    try of(dialect.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined())
  }

  /// The stories of a folder, by name.
  public static func of(_ folder: String) throws -> [Story] {
    let tree = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(4).joined(separator: "/")
    let path = "\(tree)/Tests/DialectsTests/Transcripts/\(folder)"
    return try names(in: path).map { name in
      do throws(TranscriptFailure) {
        return Story(name: String(name.dropLast(ending.count)), transcript: try Transcript(try text("\(path)/\(name)")))
      } catch {
        throw PrivatePostgres.Failure(what: "\(folder)/\(name): \(error)")
      }
    }
  }

  private static let ending = ".transcript"

  private static func names(in path: String) throws -> [String] {
    guard let directory = opendir(path) else { throw PrivatePostgres.Failure(what: "there is no \(path)") }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name.hasSuffix(ending) { names.append(name) }
    }
    return names.sorted()
  }

  private static func text(_ path: String) throws(TranscriptFailure) -> String {
    guard let file = fopen(path, "r") else { throw TranscriptFailure(line: 0, "cannot be read") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
