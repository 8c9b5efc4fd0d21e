import ChatCore
import EntryText
import Redis
import TestKit
import Testing

@testable import RedisBroker

/// What anybody may write and publish in Redis: dropped, and never a trap.
struct GarbageTests {
  private static let marks = [
    "{", "}", "[", "]", ",", ":", "\"", "\\u", "null", #""s":"#, #""u":7"#, #""q":"#, #""c":"#, "{\"s\":", "é", "\0",
  ]

  @Test func `payloads`() throws {
    let signals = PayloadTests.signals + PayloadTests.relays
    let samples =
      signals.map(SignalText.payload(of:)) + [
        EntryText.payload(of: [entry(1, in: PayloadTests.here)], in: PayloadTests.here)
      ]
    for payload in Garbage.of(samples, marks: Self.marks) {
      for topic in [Topic.conversation(PayloadTests.here), .user(PayloadTests.ada.id)] {
        _ = try? Payload(payload, on: topic)
      }
      for share in PresenceShare.all.prefix(2) { _ = PresenceText.changes(payload, in: share) }
    }
  }

  @Test func `channels and shares`() throws {
    let names = TopicNames.standard
    let share = try #require(PresenceShare.all.first)
    let samples = [names.channel(of: .conversation(PayloadTests.here)), names.channel(of: .user(PayloadTests.ada.id))]
    for channel in Garbage.of(samples, marks: ["{", "}", ":", "c:", "u:", "0", "9", "m:", "é"]) {
      _ = names.topic(of: channel)
    }
    let changes = #"{"v":1,"t":1700000000000,"on":[8192],"off":[]}"#
    for payload in Garbage.of([changes], marks: Self.marks) { _ = PresenceText.changes(payload, in: share) }
  }

  @Test func `nodes`() throws {
    let agreement = NodeAgreement(
      settings: ["a": "1"], secrets: ["s": "d"], keys: [NodeAgreement.Key(id: "k", digest: "d")], accepts: false)
    let record = NodeRecord(
      id: "a", role: "socket", addresses: ["h:1"], version: "1.2.3", settings: "d",
      entrance: NodeRecord.Entrance(address: "192.0.2.7:9001", proof: "p"), since: 7, process: "x", agreement: agreement
    )
    #expect(NodeRecord(text: Array(record.text.utf8)) != nil)
    for text in Garbage.of([record.text], marks: Self.marks) {
      guard let other = NodeRecord(text: text)?.agreement else { continue }
      _ = agreement.differences(from: other, of: "b")
    }
  }

  @Test func `what a bucket says is no longer than a day`() {
    for number in [.min, -1, 0, 700, 86_400_001, .max] as [Int64] {
      let reply = RedisReply.array([.integer(0), .integer(number), .integer(number), .integer(number)])
      let decision = RateBuckets.decision(reply)
      #expect(decision.map { (0...RateBuckets.longest).contains($0.retryAfter) } == true)
      #expect(decision.map { (0...RateBuckets.longest).contains($0.resetAfter) && $0.remaining >= 0 } == true)
    }
  }
}
