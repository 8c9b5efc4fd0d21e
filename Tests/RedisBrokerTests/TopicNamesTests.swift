import ChatCore
import Redis
import Testing

@testable import RedisBroker

@Suite("Topics")
struct TopicNamesTests {
  private static let names = TopicNames.standard

  @Test("are named by prefix, tag, kind and id, and read back", arguments: [0, 1, 77, 255, 256, 4_095])
  func roundTrip(bucket: Int16) throws {
    let bucket = try #require(Bucket(bucket))
    let conversation = Topic.conversation(ConversationID(counter: 5, bucket: bucket))
    let user = Topic.user(UserID(counter: 1 << 40, bucket: bucket))
    for topic in [conversation, user] {
      let channel = Self.names.channel(of: topic)
      #expect(Self.names.topic(of: Array(channel.utf8)) == topic)
      #expect(channel.hasPrefix("m:{"))
    }
    #expect(HashSlot(of: Self.names.channel(of: conversation)) == HashSlot(of: Self.names.channel(of: user)))
  }

  @Test("a channel that is not spelled exactly as ours has no topic")
  func foreign() throws {
    let good = Self.names.channel(of: .conversation(ConversationID(rawValue: 5_121)))
    #expect(Self.names.topic(of: Array(good.utf8)) != nil)
    let tag = try #require(good.split(separator: "{").last?.split(separator: "}").first)
    let bad = [
      "", "m:", "other:" + good.dropFirst(2), good + " ", good + "x", String(good.dropLast(4)),
      "m:{\(tag)}x:5121",
      "m:{\(tag)}c5121", "m:{\(tag)}c:05121", "m:{\(tag)}c:-5121", "m:{\(tag)}c:+5121",
      "m:{\(tag)}c:0", "m:{\(tag)}c:9007199254740992", "m:{\(tag)}c:99999999999999999999",
      "m:{zzzz}c:5121", "m:\(tag)}c:5121", "m:{\(tag)c:5121", "m:{\(tag)}", "m:{",
    ]
    for channel in bad { #expect(Self.names.topic(of: Array(channel.utf8)) == nil, "\(channel)") }
    #expect(Self.names.topic(of: [UInt8](repeating: 0xFF, count: 300)) == nil)
  }

  @Test("the 256 tags lie evenly over any number of masters with equal ranges", arguments: 1...6)
  func even(masters: Int) {
    #expect(Set(PartitionTag.all).count == 256)
    var tags = [Int](repeating: 0, count: masters)
    for tag in PartitionTag.all {
      let slot = Int(HashSlot(of: [UInt8(ascii: "{")] + tag + [UInt8(ascii: "}")]).number)
      tags[min(slot * masters / 16_384, masters - 1)] += 1
    }
    #expect((tags.max() ?? 0) - (tags.min() ?? 0) <= 1, "\(tags)")
  }

  @Test("each tag serves 16 buckets")
  func buckets() {
    var served: [[UInt8]: Int] = [:]
    for number in 0..<Bucket.count {
      if let bucket = Bucket(number) { served[PartitionTag.of(bucket), default: 0] += 1 }
    }
    #expect(served.count == 256 && served.values.allSatisfy { $0 == 16 })
  }

  @Test("a prefix with a brace, a space, or of more than 64 bytes is refused")
  func prefix() {
    #expect(TopicNames(prefix: "") != nil)
    #expect(TopicNames(prefix: "team-a:") != nil)
    for prefix in ["a{b", "a}b", "a b", "é", "a\n", String(repeating: "x", count: 65)] {
      #expect(TopicNames(prefix: prefix) == nil)
    }
  }
}
