/// `martlet api|socket|all|dev`: runs a node until it is told to go.
enum Serve {
  static func run(_ role: Role, _ invocation: Program.Invocation) -> Int32 {
    guard invocation.arguments.isEmpty else {
      return Program.refuse("\(role.rawValue) takes no arguments; settings are environment variables.")
    }
    let purpose: ConfigurationPurpose = role == .dev ? .develop : .serve
    guard let configuration = OneLoop.configuration(invocation, for: purpose) else { return OneLoop.wrongSettings }
    let sink = LogSink(descriptor: 1)
    defer { sink.flush() }
    do {
      return try NodeProcess(configuration, role: role, sink: sink).run()
    } catch {
      Terminal.complain("\(error)")
      return OneLoop.code(of: error)
    }
  }
}
