import ChatCore
import Delivery
import EntryText
import JSONText

/// Watching who is there: the domain says whom a caller may watch, the hub tells the session of them.
extension SocketSession {
  func watch(_ request: Request, as caller: Caller) {
    let users = SocketSession.users(request)
    attempt(request, as: caller) { [self] (chat: Chat) async throws(ChatError) in
      let moment = door.hub.rightsMoment
      let allowed = try await MayWatch(users: users).run(in: chat, as: caller)
      let most = door.hub.limits.watchedMax
      guard let seat, door.hub.watch(seat, allowed, asOf: moment) else {
        let detail = "users must bring those watched by this session to at most \(most)."
        throw .invalid([ChatCore.Fault(pointer: "/users", code: "too_many", detail: detail)])
      }
      answer(request) { SocketSession.write(allowed, to: &$0) }
    }
  }

  func unwatch(_ request: Request) {
    let users = SocketSession.users(request)
    if let seat { door.hub.unwatch(seat, users) }
    answer(request) { SocketSession.write(users, to: &$0) }
  }

  private static func users(_ request: Request) -> [UserID] {
    (request.asked.integers("users") ?? []).compactMap { UserID(checking: $0) }
  }

  /// `{"users":[16777217]}`
  private static func write(_ users: [UserID], to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("users", array: { writer in for user in users { writer.int(user.rawValue) } })
    }
  }
}
