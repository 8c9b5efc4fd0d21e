@testable import Redis

/// Remembers what a subscriber is told.
final class Ear: RedisSubscriberReceiver {
  private(set) var subscribed: [String] = []
  private(set) var messages: [(channel: String, payload: String)] = []
  private(set) var interruptions = 0

  func subscribed(to channel: String) { subscribed.append(channel) }
  func received(_ payload: [UInt8], on channel: [UInt8]) {
    messages.append((String(decoding: channel, as: UTF8.self), String(decoding: payload, as: UTF8.self)))
  }
  private(set) var lost: [LostChannels] = []
  func interrupted(_ lost: LostChannels) {
    interruptions += 1
    self.lost.append(lost)
  }

  func forget() {
    subscribed = []
    messages = []
  }
}
