/// The packets that wait for a client's poll: first in, first out, bounded.
struct PacketQueue {
  private var packets: [EnginePacket] = []
  private var taken = 0
  private(set) var byteCount = 0

  var count: Int { packets.count - taken }
  var isEmpty: Bool { count == 0 }

  mutating func append(_ packet: EnginePacket) {
    packets.append(packet)
    byteCount += packet.byteCount
  }

  /// Takes packets off the front: at most so many, and no more than so many bytes unless the first has them alone.
  mutating func take(_ countMax: Int, bytesMax: Int = .max) -> [EnginePacket] {
    var bytes = 0
    var end = taken
    while end < packets.count, end - taken < countMax {
      bytes += packets[end].byteCount
      if bytes > bytesMax, end > taken { break }
      end += 1
    }
    let front = Array(packets[taken..<end])
    for packet in front { byteCount -= packet.byteCount }
    taken = end
    // Moving the rest up only now and then keeps a long queue from being copied at each poll.
    if taken * 2 >= packets.count {
      packets.removeFirst(taken)
      taken = 0
      if packets.isEmpty { packets = [] }
    }
    return front
  }

  mutating func removeAll() {
    packets = []
    taken = 0
    byteCount = 0
  }
}
