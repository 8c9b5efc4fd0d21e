import Glibc
import IORuntime
import Serving

/// The program: reads its options, listens on loopback, serves until it is ended.
@main
struct ConformanceFixture {
  static func main() {
    do {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      try serve(options)
    } catch {
      Output.line("conformance-fixture: \(error)", to: STDERR_FILENO)
      exit(2)
    }
  }

  private static func serve(_ options: Options) throws {
    Signals.ignoreBrokenPipes()
    let group = try EventLoopGroup(count: options.loops, name: "fixture")
    let shared = try Shared(options)
    var port = options.port
    var servers: [HTTPServer] = []
    for (number, loop) in group.loops.enumerated() {
      let server = HTTPServer(loop: loop, limits: Fixture.servingLimits, handler: Fixture(loop: loop, shared: shared))
      let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: port), options: Fixture.listening)
      port = listener.address.port ?? port
      servers.append(server)
      // Not every machine has the second loopback address.
      let second = try? Listener(loop: loop, address: .ip(host: "::1", port: port), options: Fixture.listening)
      loop.execute {
        for listener in [listener, second] {
          guard let listener else { continue }
          do { try server.serve(listener) } catch { Output.line("cannot listen: \(error)", to: STDERR_FILENO) }
        }
      }
      if number > 0 { try loop.start() }
    }
    Output.line("listening on 127.0.0.1:\(port)", to: STDOUT_FILENO)
    withExtendedLifetime(servers) { group.loops[0].run() }
  }
}

/// Lines for the one who has started the program.
enum Output {
  static func line(_ text: String, to descriptor: CInt) {
    let bytes = Array((text + "\n").utf8)
    _ = write(descriptor, bytes, bytes.count)
  }
}
