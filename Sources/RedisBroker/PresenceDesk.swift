import ChatCore
import IORuntime
import Redis

/// The directory of one loop: takes what it says to the node's ``RedisPresence``, and brings back what that hears.
///
/// - Isolation: its loop; `hear` is called on the office's.
final class PresenceDesk: PresenceDirectory, @unchecked Sendable {
  private let office: RedisPresence
  private let place: Int
  private let loop: EventLoop
  private var receiver: (any PresenceReceiver)?

  init(office: RedisPresence, place: Int, loop: EventLoop) {
    self.office = office
    self.place = place
    self.loop = loop
  }

  func attach(_ receiver: any PresenceReceiver) { self.receiver = receiver }

  func arrived(_ user: UserID) { office.loop.execute { [office] in office.arrived(user) } }

  func left(_ user: UserID) { office.loop.execute { [office] in office.left(user) } }

  func watch(_ users: [UserID]) { office.loop.execute { [office, place] in office.watch(users, from: place) } }

  func unwatch(_ users: [UserID]) { office.loop.execute { [office, place] in office.unwatch(users, from: place) } }

  func presence(of users: [UserID]) async -> [Presence] {
    await withUnsafeContinuation { continuation in
      office.loop.execute { [office] in
        office.find(users, within: PresenceLookup.requestPatience) { continuation.resume(returning: $0) }
      }
    }
  }

  func hear(_ changes: [Presence]) { loop.execute { self.receiver?.presenceChanged(changes) } }
}

/// What the node's subscriber hears of presence, sorted by share; apart, since a subscriber's receiver is public.
final class PresenceEar: RedisSubscriberReceiver {
  weak var office: RedisPresence?
  private let shares: [[UInt8]: PresenceShare]
  /// Whose master was lost: its heir may know less than it did.
  private var lost: Set<PresenceShare> = []

  init(_ names: TopicNames) {
    shares = Dictionary(
      PresenceShare.all.map { (Array($0.channel(names).utf8), $0) }, uniquingKeysWith: { first, _ in first })
  }

  func subscribed(to channel: String) {
    guard let share = shares[Array(channel.utf8)] else { return }
    if lost.remove(share) != nil { office?.office.sayAgain([share]) }
    office?.listening(to: share)
  }

  func received(_ payload: [UInt8], on channel: [UInt8]) {
    if let share = shares[channel] { office?.heard(payload, in: share) }
  }

  /// One Redis that has forgotten something has forgotten the node's lease too, which tells of it.
  func interrupted(_ lost: LostChannels) {
    guard case .slots = lost else { return }
    self.lost.formUnion(PresenceShare.all.filter { lost.contains($0.slot) })
  }
}
