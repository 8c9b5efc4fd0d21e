import Foundation

/// Documentation: pages, links, and the reasons of limits.
enum Pages {
  /// Letters of a module's page: less is a stub.
  static let pageLettersMin = 300

  static func page(of module: String) -> [String] {
    let path = "Sources/\(module)/Documentation.docc/\(module).md"
    guard let file = SourceTree.file(path) else { return ["\(path) is missing"] }
    return stub(file)
  }

  static func stub(_ file: SourceFile) -> [String] {
    guard file.text.count >= pageLettersMin else { return ["\(file.path) is a stub: what for, its shapes, one sample"] }
    let hasSample = file.text.contains("```") || file.text.contains("\n    ")
    return hasSample ? [] : ["\(file.path) has no sample"]
  }

  /// Links to files that are not there.
  static func links(_ file: SourceFile, exists: (String) -> Bool = SourceTree.exists) -> [String] {
    let folder = file.path.split(separator: "/").dropLast().joined(separator: "/")
    return file.lines.enumerated().flatMap { number, line in
      line.matches(of: /\]\(([^)\s]+)\)/).compactMap { link in
        let target = link.1.prefix { $0 != "#" }
        guard !target.isEmpty, !target.contains("://"), !target.hasPrefix("mailto:") else { return nil }
        let path = folder.isEmpty ? String(target) : "\(folder)/\(target)"
        return exists(path) ? nil : file.finding(number, "a link to nothing: \(target)")
      }
    }
  }

  /// Limits without words beside them: every `…Max`, `…Min` and member of a `…Limits` file.
  static func limits(_ file: SourceFile) -> [String] {
    let lines = file.lines
    let inLimits = file.name.hasSuffix("Limits.swift")
    guard inLimits || file.text.contains("Max") || file.text.contains("Min") else { return [] }
    return lines.enumerated().compactMap { number, line in
      guard inLimits || line.contains("Max") || line.contains("Min") else { return nil }
      let found =
        line.firstMatch(of: /^\s*(?:public |package |static )*(?:var|let) (\w+(?:Max|Min))\b[^{]*=/)
        ?? (inLimits ? line.firstMatch(of: /^\s*public (?:static )?(?:var|let) (\w+)\b[^{]*[=:]/) : nil)
      guard let name = found?.1 else { return nil }
      let comment = lines[..<number].reversed().map { $0.drop { $0 == " " } }.prefix { $0.hasPrefix("///") }
      let words = comment.reduce(0) { $0 + $1.split(separator: " ").count - 1 }
      return words >= 3 ? nil : file.finding(number, "the limit \(name) has no reason beside it")
    }
  }

  /// Sources whose tests speak of the type before them only, and of which one.
  static let testedThrough: [String: String] = [
    "Sources/HTTP1/FieldList.swift": "HeaderFields", "Sources/JSONText/Field.swift": "Shape",
    "Sources/JSONText/TextPattern.swift": "Shape", "Sources/Tokens/TokenAlgorithm.swift": "TokenKey",
    "Sources/WebSocket/MessageInflater.swift": "MessageParser",
  ]

  /// Sources of codecs with a door of their own that no test speaks of, by file name or by type; what is inside is
  /// tested through the doors.
  static func untested(_ file: SourceFile, tests: [SourceFile]) -> [String] {
    let stem = file.name.dropLast(".swift".count)
    let type = stem.prefix { $0 != "+" }
    let declared = file.code.text.matches(of: /(?m)^(?:public|package) [\w ]*(?:struct|class|enum|protocol)\s+(\w+)/)
      .map { $0.1 }
    guard !declared.isEmpty else { return [] }
    let known = tests.contains { test in
      test.name == "\(stem)Tests.swift" || test.name == "\(type)Tests.swift"
        || ([type] + declared).contains { test.text.contains($0) }
        || testedThrough[file.path].map { test.text.contains($0) } == true
    }
    return known ? [] : ["\(file.path): no test speaks of \(type)"]
  }
}
