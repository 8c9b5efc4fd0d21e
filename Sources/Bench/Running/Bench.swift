import CLinux
import Glibc
import IORuntime
import JSONText
import Synchronization

/// The load tester: reads the command line, runs a scenario, writes results, and says by its exit code what came out.
///
/// - Shape: exit code 0 when the run was clean, 1 when it could not be done or its results could not be written, 2 when
///   it was asked for wrongly, 3 when the check of the deliveries failed.
public struct Bench: Sendable {
  /// The argument that makes a process a worker; nobody types it.
  static let workerWord = "--worker"
  /// Deliveries were lost, repeated, reordered or foreign, or sockets were missing.
  static let broken: Int32 = 3

  private let say: @Sendable (String) -> Void
  private let note: @Sendable (String) -> Void

  /// `say` prints results, `note` progress and complaints.
  public init(say: @escaping @Sendable (String) -> Void, note: @escaping @Sendable (String) -> Void) {
    self.say = say
    self.note = note
  }

  /// Does what the arguments behind `bench` ask for.
  public func run(_ arguments: [String]) -> Int32 {
    if arguments == [Self.workerWord] { return Worker.run() }
    if arguments == ["--help"] {
      say(BenchOptions.usage)
      return 0
    }
    do throws(BenchOptions.Wrong) {
      let options = try BenchOptions(arguments)
      return try options.compared.isEmpty ? run(options) : compare(options)
    } catch {
      note(error.sentence + "\n" + BenchOptions.usage)
      return 2
    }
  }

  private func run(_ options: BenchOptions) throws(BenchOptions.Wrong) -> Int32 {
    let scenario: Scenario
    do throws(Scenario.Wrong) {
      scenario = try Scenario(try Self.text(of: options.scenario)).changed(by: options)
    } catch {
      throw .init(sentence: error.sentence)
    }
    guard let wire = options.wire ?? scenario.wires.first, scenario.wires.contains(wire) else {
      let wires = scenario.wires.map(\.rawValue).joined(separator: ", ")
      throw .init(
        sentence: "The scenario \(scenario.name) is driven by \(wires), not by \(options.wire?.rawValue ?? "").")
    }
    let target = try Target(options, read: SmallFile.read)
    return lead(options, scenario, wire, target)
  }

  /// A file, or a name in `benchmarks/scenarios` here or in a folder above.
  private static func text(of scenario: String) throws(Scenario.Wrong) -> [UInt8] {
    var tried = [scenario]
    var above = ""
    for _ in 0..<8 {
      tried.append("\(above)benchmarks/scenarios/\(scenario).json")
      above += "../"
    }
    for path in tried {
      if let text = SmallFile.read(path) { return text }
    }
    throw .init(sentence: "There is no scenario '\(scenario)', neither as a file nor in benchmarks/scenarios.")
  }

  private func lead(_ options: BenchOptions, _ scenario: Scenario, _ wire: Wire, _ target: Target) -> Int32 {
    signal(SIGPIPE, SIG_IGN)
    let code = Mutex<Int32>(1)
    do {
      let loop = try EventLoop(name: "bench")
      loop.spawn { [self] in
        let leader = Leader(loop, options, scenario, wire, target, note: note)
        let signals = try? Signals([SIGINT, SIGTERM], on: loop) { _ in
          // Who asks twice is in a hurry: the workers end with their leader.
          // Before there are any, there is nothing to end with.
          if leader.isStopping || leader.workers.isEmpty { exit(1) }
          leader.stop()
        }
        let outcome = await result(of: leader, options)
        signals?.end()
        code.withLock { $0 = outcome }
        loop.stop()
      }
      loop.run()
    } catch {
      note("no event loop: \(error)")
    }
    return code.withLock { $0 }
  }

  private func result(of leader: Leader, _ options: BenchOptions) async -> Int32 {
    do throws(Leader.Stop) {
      let result = try await leader.run()
      say(result.summary)
      let files: [(path: String?, bytes: () -> [UInt8])] = [
        (options.json, { result.json.bytes }), (options.report, { Report([result]).bytes }),
      ]
      let failures = files.compactMap { file in file.path.flatMap { SmallFile.write(file.bytes(), to: $0) } }
      for failure in failures { note(failure) }
      // A broadcaster promises nothing: what it loses is told, and fails nothing unless that is asked for.
      let isClean = result.verdict.isClean || leader.isForgiving && result.verdict.absent == 0
      return Self.code(isClean: isClean, isKept: failures.isEmpty)
    } catch {
      note(error.sentence)
      return 1
    }
  }

  /// Who waits for a file of results is not to take an older one for it.
  static func code(isClean: Bool, isKept: Bool) -> Int32 { !isClean ? broken : isKept ? 0 : 1 }

  private func compare(_ options: BenchOptions) throws(BenchOptions.Wrong) -> Int32 {
    var results: [RunResult] = []
    for path in options.compared {
      guard let text = SmallFile.read(path),
        let json = try? JSONValue(parsing: text, limits: JSONLimits(bytesMax: SmallFile.bytesMax))
      else { throw .init(sentence: "'\(path)' cannot be read as JSON.") }
      do throws(BenchOptions.Wrong) {
        results.append(try RunResult(json))
      } catch {
        throw .init(sentence: "'\(path)': \(error.sentence).")
      }
    }
    guard let path = options.report else { return 2 }
    if let why = SmallFile.write(Report(results).bytes, to: path) {
      note(why)
      return 1
    }
    return 0
  }
}
