import CCounting

/// What one operation of a case costs, everything that is done once taken out: so many operations and twice as many are
/// counted, and the difference is shared out.
struct Measure {
  let name: String
  let unit: String
  /// Blocks of memory.
  let allocations: Double
  /// Calls of the system that send.
  let sends: Double

  init(of one: Case, operations: Int) throws {
    name = one.name
    unit = one.unit
    let perform = try one.prepare()
    // Buffers have their size and caches their lines then.
    perform(operations)
    let few = Measure.counted(operations, perform)
    let many = Measure.counted(2 * operations, perform)
    allocations = (Double(many.allocations) - Double(few.allocations)) / Double(operations)
    sends = (Double(many.sends) - Double(few.sends)) / Double(operations)
  }

  private static func counted(_ count: Int, _ perform: @escaping (Int) -> Void) -> (allocations: UInt64, sends: UInt64)
  {
    var work = Work(count: count, perform: perform)
    withUnsafeMutablePointer(to: &work) { work in
      ccounting_measure({ $0?.assumingMemoryBound(to: Work.self).pointee.run() }, work)
    }
    return (ccounting_allocations(), ccounting_sends())
  }

  private struct Work {
    let count: Int
    let perform: (Int) -> Void

    func run() { perform(count) }
  }

  /// One line of JSON; names and units have nothing to be escaped.
  var line: String {
    #"{"case":"\#(name)","unit":"\#(unit)","allocations":\#(Self.rounded(allocations)),"#
      + #""sends":\#(Self.rounded(sends))}"#
  }

  private static func rounded(_ value: Double) -> Double { (value * 1_000).rounded() / 1_000 }
}
