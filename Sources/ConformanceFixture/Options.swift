/// What was asked for on the command line.
struct Options {
  /// Why a command line cannot be followed.
  struct Wrong: Error, CustomStringConvertible {
    var description: String
  }

  var port: UInt16 = 3000
  var pingInterval: Int64 = 300
  var pingTimeout: Int64 = 200
  var connectTimeout: Int64 = 1000
  var speaksThree = false
  var secret: String?
  var keysFile: String?
  var loops = 1

  init(_ arguments: [String]) throws(Wrong) {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      switch name {
      case "--port": port = try Options.number(name, &rest, 0...65535)
      case "--ping-interval": pingInterval = try Options.number(name, &rest, 1...3_600_000)
      case "--ping-timeout": pingTimeout = try Options.number(name, &rest, 1...3_600_000)
      case "--connect-timeout": connectTimeout = try Options.number(name, &rest, 1...3_600_000)
      case "--loops": loops = try Options.number(name, &rest, 1...64)
      case "--eio3": speaksThree = true
      case "--jwt-secret": secret = try Options.text(name, &rest)
      case "--jwks": keysFile = try Options.text(name, &rest)
      default: throw Wrong(description: "\(name) is no option; there are \(Options.usage)")
      }
    }
  }

  private static let usage =
    "--port P, --ping-interval MS, --ping-timeout MS, --connect-timeout MS, --eio3, --jwt-secret S, --jwks FILE, "
    + "--loops N"

  private static func text(_ name: String, _ rest: inout ArraySlice<String>) throws(Wrong) -> String {
    guard let value = rest.popFirst() else { throw Wrong(description: "\(name) needs a value") }
    return value
  }

  private static func number<Value: FixedWidthInteger>(
    _ name: String, _ rest: inout ArraySlice<String>, _ range: ClosedRange<Value>
  ) throws(Wrong) -> Value {
    guard let value = Value(try text(name, &rest)), range.contains(value) else {
      throw Wrong(description: "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}
