import Client
import HTTP1
import IORuntime

/// `martlet listen <url> <token>`: prints a user's events as they come, a JSON line each.
///
/// - Shape: the URL is that of the cluster, `http://127.0.0.1:8000`; the socket is at `/v1/socket` below it.
enum Listen {
  static func run(_ invocation: Program.Invocation) -> Int32 {
    guard invocation.arguments.count == 2, let place = ClusterURL(invocation.arguments[0]) else {
      return Program.refuse("listen takes the cluster's URL, such as http://127.0.0.1:8000, and an access token.")
    }
    let token = invocation.arguments[1]
    return OneLoop.run { loop in await listen(loop, place, token) }
  }

  private static func listen(_ loop: EventLoop, _ place: ClusterURL, _ token: String) async -> Int32 {
    let over = Ending()
    let callbacks = SocketClient.Callbacks(
      message: {
        Terminal.print(String(decoding: $0, as: UTF8.self))
        if Terminal.lostOutput != nil { over.end("nobody reads on") }
      },
      closed: { code, reason in over.end("closed with \(code) \(reason)") })
    do throws(CallFailure) {
      let socket = try await SocketClient.open(
        loop: loop, address: place.address, host: place.host, path: "/v1/socket", subprotocol: "martlet.v1.json",
        headers: ["Authorization": "Bearer \(token)"], callbacks: callbacks)
      socket.send(#"{"id":"resume","op":"resume","d":{}}"#)
      Terminal.complain(await over.wait())
    } catch {
      Terminal.complain("\(error)")
    }
    return 1
  }

  /// The end of the socket, waited for by one task on the loop.
  private final class Ending: @unchecked Sendable {
    private var sentence: String?
    private var waiting: CheckedContinuation<String, Never>?

    func end(_ sentence: String) {
      self.sentence = sentence
      waiting?.resume(returning: sentence)
      waiting = nil
    }

    func wait() async -> String {
      if let sentence { return sentence }
      return await withCheckedContinuation { waiting = $0 }
    }
  }
}

/// `http://host:port` of a cluster.
struct ClusterURL: Sendable {
  let address: SocketAddress
  /// For the `Host` header.
  let host: String

  init?(_ text: String) {
    guard text.hasPrefix("http://") else { return nil }
    let rest = text.dropFirst(7).prefix { $0 != "/" }
    let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), !parts[0].isEmpty, let port = parts.count == 1 ? 80 : UInt16(parts[1]) else {
      return nil
    }
    host = String(rest)
    address = .ip(host: String(parts[0]), port: port)
  }
}
