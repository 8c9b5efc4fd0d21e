import ChatCore
import Delivery

/// What a client has entered, as far as its dialect has rooms.
extension DialectSession {
  /// Conversations that a client may have entered: more than anybody opens, some kilobytes.
  static let enteredMax = 1_000
  /// Between two tries to join a lobby that is told too much: of thousands who wait some hundreds ask in a second.
  static let lobbyRest: Milliseconds = 5_000

  /// Makes the user a member of the lobby. It keeps nobody out: one that is full does without him, and one that is told
  /// too much has him later, if he is still here; the hub then hears that he has joined.
  func joinLobby(_ caller: Caller) async {
    do throws(ChatError) {
      try await JoinLobby().run(in: mount.chat, as: caller)
    } catch .rateLimited(let after) {
      let rest = max(after, DialectSession.lobbyRest)
      let spread = Milliseconds(door.ports.random(below: UInt64(DialectSession.lobbyRest)))
      door.ports.schedule(after: rest + spread) { [weak self] in
        guard let self, !isOver else { return }
        door.ports.spawn { await self.joinLobby(caller) }
      }
    } catch {}
  }

  /// From now on the client is inside, if there is room for one more; who is inside already stays so as he came.
  func enter(_ conversation: ConversationID, after head: Int64) {
    if entered.count < DialectSession.enteredMax, entered[conversation] == nil { entered[conversation] = head }
  }

  func leave(_ conversation: ConversationID) { entered[conversation] = nil }

  /// The client comes in, maybe back: it is inside what it was inside of; gives the secret by which it may come back.
  func takeRooms(under old: String?) -> String? {
    guard let shelf = door.shelf, let user else { return nil }
    for room in old.flatMap({ shelf.take($0, of: user.id, now: mount.now()) }) ?? [] { enter(room, after: 0) }
    pid = shelf.makeID()
    return pid
  }

  /// The client is gone, and may come back.
  func keepRooms() {
    guard let pid, let user, !entered.isEmpty else { return }
    door.shelf?.put(pid, Set(entered.keys), of: user.id, now: mount.now())
  }
}
