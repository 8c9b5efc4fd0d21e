/// What could end the process or leak, in product code.
enum Safety {
  /// `value!`, `try!`, `as!` and types that unwrap themselves.
  static func traps(_ file: SourceFile) -> [String] {
    matches(in: file, /[\w)\]}]!(?!=)/) { "an exclamation mark that traps: \($0)" }
  }

  /// Output belongs to the command line and the log.
  static func output(_ file: SourceFile) -> [String] {
    // The command line, and a program that is not installed.
    guard file.module != "martlet", file.module != "Micro" else { return [] }
    // Neither a member's call nor a declaration: what stands before it is no dot, and not "func".
    return matches(in: file, /(?:^|[^.\w ]|[^c] |^ )(?:print|debugPrint|dump|NSLog)\(/) {
      "output that is no log:\($0)"
    }
  }

  /// Checks that a release build leaves out, and tasks that nobody waits for on the global pool.
  static func escapes(_ file: SourceFile) -> [String] {
    matches(in: file, /\bTask\.detached\b|\bunsafeBitCast\(|\bunowned\(unsafe\)/) { "an escape: \($0)" }
  }

  private static func matches(
    in file: SourceFile, _ pattern: Regex<Substring>, _ words: (Substring) -> String
  ) -> [String] {
    file.code.lines.enumerated().flatMap { number, line in
      line.matches(of: pattern).map { file.finding(number, words($0.output)) }
    }
  }
}
