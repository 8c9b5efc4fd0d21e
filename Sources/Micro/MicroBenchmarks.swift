/// Counts what codecs, fan-out and batching cost: blocks of memory and system calls, a line of JSON a case.
///
///     micro [--operations N] [case…]
///
/// `benchmarks/micro/run` runs it, adds instructions, and compares with thresholds.
@main struct MicroBenchmarks {
  /// As many as make a cost that comes every hundredth time visible; instructions are counted under an emulation.
  private static let operations = 200

  static func main() {
    var operations = Self.operations
    var names: [String] = []
    var words = CommandLine.arguments.dropFirst()
    while let word = words.popFirst() {
      guard word == "--operations" else {
        names.append(word)
        continue
      }
      guard let number = words.popFirst().flatMap({ Int($0) }), (1...1_000_000).contains(number) else {
        return print("micro: --operations takes a whole number from 1 to 1000000.")
      }
      operations = number
    }
    for one in Case.all where names.isEmpty || names.contains(one.name) {
      do {
        print(try Measure(of: one, operations: operations).line)
      } catch {
        print(#"{"case":"\#(one.name)","error":true}"#)
      }
    }
  }
}
