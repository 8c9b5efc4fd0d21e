import Bench

/// `martlet bench …`: the load tester, in the same binary as what it measures.
enum BenchRun {
  static func run(_ invocation: Program.Invocation) -> Int32 {
    Bench(say: { Terminal.print($0) }, note: { Terminal.complain($0) }).run(invocation.arguments)
  }
}
