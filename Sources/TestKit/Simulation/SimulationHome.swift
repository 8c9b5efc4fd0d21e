import ChatCore
import Delivery
import MemoryAdapters

/// What simulated clients and the checks need of the cluster that they belong to.
protocol SimulationHome: AnyObject {
  var time: VirtualTime { get }
  var world: MemoryWorld { get }
  var clients: [SimulatedClient] { get }
  /// All conversations but the users' own.
  var groups: [ConversationID] { get }
  /// What bounds the hubs.
  var limits: DeliveryLimits { get }
  /// Where a client that knocks now comes in; nil when nobody opens.
  func door(for client: SimulatedClient, _ dice: inout SeededDice) -> SimulatedNode?
  /// How long a client waits before it knocks, after so many times in vain.
  func wait(afterFailures failures: Int, told: Milliseconds?, _ dice: inout SeededDice) -> Milliseconds
}

extension SimulationHome {
  /// How many entries came to clients.
  var heardByAll: Int { clients.reduce(0) { $0 + $1.lines.reduce(0) { $0 + $1.heard.count } } }

  /// A number that two runs share only when the same came to the same clients in the same order at the same time.
  var transcriptHash: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for client in clients {
      for line in client.lines {
        for heard in line.heard {
          for value in [heard.conversation.rawValue, heard.seq, heard.at] {
            hash = (hash ^ UInt64(bitPattern: value)) &* 0x0000_0100_0000_01b3
          }
        }
      }
    }
    return hash
  }

  /// Registers a user with a session, in no time.
  func register(_ name: String) -> (User, Caller)? {
    let world = world
    let made = time.finish { () async -> (User, Caller)? in
      let new = NewUser(username: Username(stored: name), displayName: name, email: nil, passwordHash: "")
      guard let user = try? await world.register(new),
        let session = try? await world.open(user: user.id, device: nil, nonce: [], most: 9)
      else { return nil }
      return (user, Caller(user: user.id, session: session.id))
    }
    return made ?? nil
  }

  /// Makes a group, in no time.
  func makeGroup(_ title: String, owner: User, members: [User]) -> ConversationID? {
    let world = world
    let made = time.finish { try? await world.create(.group, title: title, owner: owner, members: members) }
    return (made ?? nil)?.conversation.id
  }
}
