import ChatCore
import Importing
import IORuntime
import Postgres
import PostgresStore
import Tokens

/// `martlet import [options] <file|->`: takes over the users, contacts, groups and messages of another system, from
/// JSON Lines as the page of the module Importing describes them.
///
/// - Shape: complaints and progress on standard error, at the end one line on standard output. Exit code 0 when all
///   went in, 3 when lines were refused, 1 when it ended before the end, 2 and 78 as everywhere.
enum Import {
  /// Some lines did not go in, the rest did.
  static let someRefused: Int32 = 3
  /// How often it is told how far it has come, in milliseconds.
  private static let tellingEvery: Int64 = 5_000

  static func run(_ invocation: Program.Invocation) -> Int32 {
    let order: ImportOrder
    do throws(ImportOrder.Wrong) {
      order = try ImportOrder(invocation.arguments)
    } catch {
      return Program.refuse(error.sentence)
    }
    guard let configuration = OneLoop.configuration(invocation, for: .migrate) else { return OneLoop.wrongSettings }
    return OneLoop.run { loop in
      do {
        return try await take(order, configuration, on: loop)
      } catch {
        Terminal.complain(sentence(error))
        return 1
      }
    }
  }

  private static func sentence(_ error: any Error) -> String {
    switch error {
    case let stop as ImportStopped: "Stopped: \(stop.sentence)"
    case let failure as LineReader.Failure: "The file cannot be read: \(failure.reason)"
    default: "\(error)"
    }
  }

  private static func take(_ order: ImportOrder, _ configuration: Configuration, on loop: EventLoop) async throws
    -> Int32
  {
    let file = try InputFile(order.path)
    var settings = configuration.postgresSettings
    settings.connections = 8
    settings.applicationName = "martlet import"
    let pool = try PostgresPool(loop: loop, settings: settings)
    pool.start()
    defer { pool.close() }
    try await Migrator(pool: pool).check()
    let stores = PostgresStores(pool: pool, limits: configuration.shared.limits)
    let reading = try BlockingPool(name: "import", threads: 1, queueMax: 1)
    defer { reading.shutdown() }
    let passwords = try ImportedPasswords()
    defer { passwords.pool.shutdown() }
    let rehearsal = order.isRehearsal ? Rehearsal(stores.imports, passwords) : nil
    let ports = ImportPorts(
      store: rehearsal ?? stores.imports, passwords: rehearsal ?? passwords, clock: SystemClock(),
      limits: configuration.shared.limits)
    var run = ImportRun(ports: ports, options: order.options) { Terminal.complain(printable($0)) }
    var told = EventLoop.monotonicMilliseconds()
    while true {
      let lines = try await reading.run {
        try file.reader.next(ImportRun.batchLinesMax, bytesMax: ImportRun.batchBytesMax)
      }
      guard try await run.take(lines) else { break }
      let now = EventLoop.monotonicMilliseconds()
      if now - told >= tellingEvery {
        Terminal.complain(run.tally.sentence)
        told = now
      }
    }
    Terminal.print((order.isRehearsal ? "Only looked: " : "") + run.tally.sentence + ".")
    return run.tally.refused == 0 ? 0 : someRefused
  }

  /// Without what would command a terminal: names of members come from the file.
  private static func printable(_ sentence: String) -> String {
    String(
      String.UnicodeScalarView(sentence.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}

/// What the command line asks for.
struct ImportOrder: Sendable {
  struct Wrong: Error {
    let sentence: String
  }

  var options = ImportOptions()
  var isRehearsal = false
  var path = ""

  init(_ arguments: [String]) throws(Wrong) {
    var rest = arguments[...]
    var paths: [String] = []
    while let argument = rest.popFirst() {
      switch argument {
      case "--source":
        options.source = try Self.value(of: argument, &rest)
        guard ImportOptions.isSource(options.source) else {
          throw Wrong(
            sentence: "--source takes a name of at most \(ImportKey.sourceBytesMax) of a to z, digits and -.")
        }
      case "--existing":
        guard let existing = ImportUser.Existing(rawValue: try Self.value(of: argument, &rest)) else {
          throw Wrong(sentence: "--existing takes refuse, reuse or rename.")
        }
        options.existing = existing
      case "--names":
        let word = try Self.value(of: argument, &rest)
        guard ["refuse", "rename"].contains(word) else { throw Wrong(sentence: "--names takes refuse or rename.") }
        options.mayRename = word == "rename"
      case "--strict": options.isStrict = true
      case "--dry-run": isRehearsal = true
      case let path where path == "-" || !path.hasPrefix("-"): paths.append(path)
      default: throw Wrong(sentence: "import has no option '\(argument)'.")
      }
    }
    guard paths.count == 1, let path = paths.first, !path.isEmpty else {
      throw Wrong(
        sentence: "import takes [--source <name>] [--existing refuse|reuse|rename] [--names refuse|rename] [--strict] "
          + "[--dry-run] and one file, or - for standard input.")
    }
    self.path = path
  }

  private static func value(of option: String, _ rest: inout ArraySlice<String>) throws(Wrong) -> String {
    guard let value = rest.popFirst() else { throw Wrong(sentence: "\(option) takes a value.") }
    return value
  }
}
