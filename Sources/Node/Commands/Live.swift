import Client

/// `martlet doctor --live`: whether the node that runs by these settings lives, and `--ready` whether it takes clients.
/// For the health check of a container, which has no shell and no network tools.
enum Live {
  static func run(_ path: String, _ invocation: Program.Invocation) -> Int32 {
    guard let configuration = OneLoop.configuration(invocation, for: .ask) else { return OneLoop.wrongSettings }
    return OneLoop.run { loop in
      do {
        let node = try OwnNode(configuration.serving, on: loop)
        defer { node.close() }
        let status = try await node.status(path)
        Terminal.print("\(path) \(status)")
        return status == 200 ? 0 : 1
      } catch {
        Terminal.complain("\(path): \(error)")
        return 1
      }
    }
  }
}
