import ChatCore
import Redis
import Testing

@testable import RedisBroker

@Suite("An interruption of a master")
struct InterruptionTests {
  @Test("concerns the buckets whose topics lie in its slots, and no others")
  func buckets() throws {
    let slots = Set(PartitionTag.slots.filter { $0 < HashSlot(of: "b") })
    try #require(!slots.isEmpty && slots.count < PartitionTag.count)
    let interruption = Interruption(.slots(slots))
    for number in 0..<Bucket.count {
      let bucket = try #require(Bucket(number))
      let topic = Topic.conversation(ConversationID(counter: 1, bucket: bucket))
      let slot = HashSlot(of: TopicNames.standard.channel(of: topic))
      #expect(slot == PartitionTag.slot(of: bucket))
      #expect(interruption.concerns(bucket) == slots.contains(slot))
    }
    #expect(Interruption(.all) == .whole)
  }
}
