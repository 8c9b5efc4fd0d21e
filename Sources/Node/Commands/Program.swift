/// The command line: one row a subcommand.
public struct Program: Sendable {
  /// What a subcommand is given.
  struct Invocation: Sendable {
    let arguments: [String]
    let environment: [String: String]
  }

  /// One subcommand.
  struct Subcommand: Sendable {
    let name: String
    let usage: String
    let summary: String
    /// What its options do, a line each; more than the list of all has room for.
    var options: [String] = []
    /// Whether it says itself what it takes.
    var hasOwnHelp = false
    let run: @Sendable (Invocation) -> Int32
  }

  /// Runs what the arguments ask for.
  ///
  /// - Returns: the exit code: 0, 1 when it failed, 2 when it was asked for wrongly, 78 for wrong settings (EX_CONFIG).
  public static func run(arguments: [String], environment: [String: String]) -> Int32 {
    let code = carryOut(arguments, environment)
    guard let reason = Terminal.lostOutput else { return code }
    Terminal.complain("What was printed is not all there: \(reason).")
    // Who reads a token or a list that is cut short is not to take it for whole.
    return code == 0 ? 1 : code
  }

  private static func carryOut(_ arguments: [String], _ environment: [String: String]) -> Int32 {
    var rest = arguments[...]
    guard var name = rest.popFirst() else { return refuse("Say what to run.") }
    var wantsHelp = helpWords.contains(name)
    if wantsHelp {
      guard let topic = rest.popFirst() else {
        Terminal.print(help)
        return 0
      }
      name = topic
    }
    guard let row = rows.first(where: { $0.name == name || $0.name == "version" && name == "--version" }) else {
      return refuse("There is no subcommand '\(name)'.")
    }
    if rest.first == "-h" || rest.contains("--help") { wantsHelp = true }
    if wantsHelp, !row.hasOwnHelp {
      Terminal.print(row.help)
      return 0
    }
    return row.run(Invocation(arguments: wantsHelp ? ["--help"] : Array(rest), environment: environment))
  }

  private static let helpWords: Set = ["help", "--help", "-h"]

  static func refuse(_ sentence: String) -> Int32 {
    Terminal.complain(sentence + "\n\n" + help)
    return 2
  }

  private static var help: String {
    let lines = rows.map { row in
      let call = "  \(row.call)"
      return call + String(repeating: " ", count: max(1, 34 - call.count)) + row.summary
    }
    return "Usage:\n" + lines.joined(separator: "\n")
      + "\nmartlet <subcommand> --help says more. Settings are environment variables; see martlet settings."
  }
}

extension Program.Subcommand {
  /// As it is typed.
  fileprivate var call: String { usage.isEmpty ? "martlet \(name)" : "martlet \(name) \(usage)" }

  /// What it is told by `--help`.
  fileprivate var help: String { (["Usage: \(call)", summary] + options.map { "  " + $0 }).joined(separator: "\n") }
}

/// The version of this build.
enum Version {
  static let text = "0.1.0"
}
