import Foundation

/// One text file of the repository: its path from the root, and its lines.
struct SourceFile: Sendable {
  let path: String
  let text: String
  /// ``code``'s text where many rules ask for it.
  var stripped: String?

  init(path: String, text: String, stripped: String? = nil) {
    self.path = path
    self.text = text
    self.stripped = stripped
  }

  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
  var name: String { path.split(separator: "/").last.map { String($0) } ?? path }
  /// The module of `Sources/<Module>/…` or `Tests/<Module>/…`.
  var module: String { path.split(separator: "/").dropFirst().first.map { String($0) } ?? "" }
  /// The code alone: comments and the words of string literals are blanks, lines stay where they are.
  var code: SourceFile { SourceFile(path: path, text: stripped ?? CodeText.code(of: text)) }

  func finding(_ line: Int, _ words: String) -> String { "\(path):\(line + 1): \(words)" }
}

/// The repository as it lies on the disk.
enum SourceTree {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL

  /// Files below one of the folders whose names end so.
  static func files(_ folders: [String], ending endings: [String]) -> [SourceFile] {
    folders.flatMap { folder in
      let paths = (try? FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())) ?? []
      return paths.sorted().filter { path in endings.contains { path.hasSuffix($0) } }
        .compactMap { file("\(folder)/\($0)") }
    }
  }

  static func file(_ path: String) -> SourceFile? {
    guard let text = try? String(contentsOf: root.appending(path: path), encoding: .utf8) else { return nil }
    return SourceFile(path: path, text: text)
  }

  /// What git has of the repository; empty where there is no git.
  static func tracked() throws -> [String] {
    let git = Process()
    let output = Pipe()
    git.executableURL = URL(filePath: "/usr/bin/env")
    git.arguments = ["git", "-C", root.path(), "ls-files"]
    git.standardOutput = output
    git.standardError = FileHandle.nullDevice
    try git.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    git.waitUntilExit()
    return text.split(separator: "\n").map { String($0) }
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path())
  }

  static let product = files(["Sources"], ending: [".swift"]).filter { $0.module != "TestKit" }
    .map { SourceFile(path: $0.path, text: $0.text, stripped: $0.code.text) }
  static let swift = files(["Sources", "Tests"], ending: [".swift"]) + [file("Package.swift")].compactMap { $0 }
  static let written =
    swift + files(["Sources", "Tests", "deploy", ".ci"], ending: [".md", ".sql", ".lua", ".c", ".h", ".sh", ".cfg"])
    + files(["deploy/local"], ending: ["up", "down", "restart", "status", "scale", "roll", "test", "run", "martlet"])
    + [file("README.md"), file(".ci/run")].compactMap { $0 }
}
