import ChatCore

/// What every set of stores must keep, as cases that run on any of them, in any order and side by side.
///
/// A sample, in the tests of an adapter:
///
///     @Test(arguments: AdapterContract.all)
///     func `the contract holds`(_ contractCase: ContractCase) async throws {
///       try await contractCase.run(StoresUnderTest(MemoryWorld()))
///     }
public enum AdapterContract {
  /// All cases.
  public static let all: [ContractCase] =
    users + accounts + sessions + conversations + membership + lists + contacts + replay + sending + reading + races
    + changes + reactions + readMarkers + files + imports + cleanups
}

/// One rule of the contract.
public struct ContractCase: Sendable, CustomStringConvertible {
  /// The rule, as a sentence.
  public let name: String
  private let body: @Sendable (StoresUnderTest) async throws -> Void

  init(_ name: String, _ body: @escaping @Sendable (StoresUnderTest) async throws -> Void) {
    self.name = name
    self.body = body
  }

  /// Its name.
  public var description: String { name }

  /// Runs it.
  ///
  /// - Throws: ``ContractBroken``, or what a store threw.
  /// - Isolation: runs on the executor of its caller; where it does things at once, in child tasks, which inherit a
  ///   task executor preference.
  public func run(_ stores: StoresUnderTest) async throws { try await body(stores) }
}

/// A rule that did not hold.
public struct ContractBroken: Error, CustomStringConvertible {
  /// What was expected, and what came.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Says that something must hold.
func expect(_ holds: Bool, _ rule: @autoclosure () -> String, line: Int = #line) throws {
  if !holds { throw ContractBroken("\(rule()) (contract line \(line))") }
}

/// Says that two values must be equal.
func expect<Value: Equatable>(_ got: Value, is wanted: Value, _ rule: String, line: Int = #line) throws {
  if got != wanted { throw ContractBroken("\(rule): \(got) instead of \(wanted) (contract line \(line))") }
}

/// Says that something must be there.
func required<Value>(_ value: Value?, _ rule: String, line: Int = #line) throws -> Value {
  guard let value else { throw ContractBroken("\(rule): nothing (contract line \(line))") }
  return value
}

/// Says that something must be refused, and how.
func refused<Value>(
  _ wanted: ChatError, _ rule: String, line: Int = #line, _ body: () async throws(ChatError) -> Value
) async throws {
  do {
    _ = try await body()
  } catch {
    return try expect(error, is: wanted, rule, line: line)
  }
  throw ContractBroken("\(rule): done instead of refused (contract line \(line))")
}
