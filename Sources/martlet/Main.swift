import Glibc
import Node

/// The command line: hands the arguments and the environment to ``Program``.
@main
struct Martlet {
  static func main() {
    exit(Program.run(arguments: Array(CommandLine.arguments.dropFirst()), environment: environment()))
  }

  private static func environment() -> [String: String] {
    var variables: [String: String] = [:]
    var entry = environ
    while let line = entry.pointee {
      let text = String(cString: line)
      if let equals = text.firstIndex(of: "=") {
        variables[String(text[..<equals])] = String(text[text.index(after: equals)...])
      }
      entry += 1
    }
    return variables
  }
}
