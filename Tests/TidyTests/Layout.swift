/// Sizes, blanks, leftovers and names, as far as a machine can see them.
enum Layout {
  static let columnsMax = 120
  static let fileLinesMax = 300
  static let functionLinesMax = 60

  /// Files that may be longer, and why.
  static let longFiles: [String: String] = [
    "Sources/IORuntime/Sockets/Connection.swift": "reading, writing and ending share private state, a hot path's demand"
  ]
  /// Functions that may be longer, and why: `path name`.
  static let longFunctions: [String: String] = [:]

  static func lines(_ file: SourceFile) -> [String] {
    file.lines.enumerated().flatMap { number, line -> [String] in
      var findings: [String] = []
      let isProse = file.path.hasSuffix(".md") || file.path.hasSuffix(".cfg") || file.name == "first_message.sh"
      if line.utf8.count > columnsMax, line.count > columnsMax, !isProse {
        findings.append(file.finding(number, "\(line.count) columns"))
      }
      if line.last == " " || line.last == "\t" { findings.append(file.finding(number, "blanks at the end")) }
      if line.utf8.contains(9) { findings.append(file.finding(number, "a tab")) }
      return findings
    }
  }

  static func length(_ file: SourceFile) -> [String] {
    let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
    guard count > fileLinesMax else {
      return longFiles[file.path] == nil ? [] : ["\(file.path): needs no reason any more, with \(count) lines"]
    }
    guard longFiles[file.path] == nil else { return [] }
    return ["\(file.path): \(count) lines; look for the second idea"]
  }

  /// Functions whose bodies are too long.
  static func functions(_ file: SourceFile) -> [String] {
    let code = file.code.text
    guard file.lines.count > functionLinesMax else { return [] }
    return code.matches(of: /\b(?:func\s+([^\s(<]+)|(init)\??)\s*[(<]/).compactMap { match in
      let name = String(match.1 ?? match.2 ?? "")
      guard let lines = bodyLines(code[match.range.lowerBound...]), lines > functionLinesMax,
        longFunctions["\(file.path) \(name)"] == nil
      else { return nil }
      let number = code[..<match.range.lowerBound].count { $0 == "\n" }
      return file.finding(number, "\(name) has \(lines) lines")
    }
  }

  /// Lines from a declaration to the end of its body; nil when it has none.
  private static func bodyLines(_ code: Substring) -> Int? {
    var parentheses = 0
    var braces = 0
    var lines = 1
    for letter in code {
      switch letter {
      case "(", "[": parentheses += 1
      case ")", "]": parentheses -= 1
      case "{": braces += 1
      case "}":
        braces -= 1
        if braces <= 0, parentheses <= 0 { return braces == 0 ? lines : nil }
      case "\n": lines += 1
      default: break
      }
      if parentheses < 0 { return nil }
    }
    return nil
  }

  static func leftovers(_ file: SourceFile) -> [String] {
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]
    guard marks.contains(where: file.text.contains) else { return [] }
    return file.lines.enumerated().flatMap { number, line in
      line.matches(of: /\b[A-Z]{4,5}\b|\bX{3}\b/).compactMap { word in
        marks.contains(String(word.0)) ? file.finding(number, "a leftover: \(word.0)") : nil
      }
    }
  }

  /// Paths that exist on one machine only.
  static func machinePaths(_ file: SourceFile) -> [String] {
    let roots = ["/work/", "/root/", "/home/", "/Users/"]
    guard roots.contains(where: file.text.contains) else { return [] }
    return file.lines.enumerated().compactMap { number, line in
      let found =
        line.firstMatch(of: /(?:^|[\s"'`(=:])\/(?:work|root|home|Users)\/[\w.]/) ?? line.firstMatch(of: /\/tmp\/wt/)
      return found.map { file.finding(number, "a path of somebody's machine: \($0.0)") }
    }
  }

  /// Names that say nothing: of a file, a folder or a type.
  static func names(_ file: SourceFile) -> [String] {
    let empty: Set<String> = [
      "Util", "Utils", "Utility", "Utilities", "Helper", "Helpers", "Manager", "Managers", "Common", "Misc", "Legacy",
    ]
    let types = file.code.text.matches(of: /\b(?:struct|class|enum|protocol|actor|typealias)\s+(\w+)/).map { $0.1 }
    let parts = file.path.split { "/.+".contains($0) }
    return (types + parts).filter { !empty.isDisjoint(with: words($0)) }.map {
      "\(file.path): the name \($0) says nothing"
    }
  }

  private static func words(_ name: Substring) -> Set<String> {
    Set(name.matches(of: /[A-Z]?[a-z]+|[A-Z]+(?![a-z])/).map { String($0.0) })
  }
}
