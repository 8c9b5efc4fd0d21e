import IORuntime

@testable import Redis

/// Masters that greet and tell their slots as Redis does, and answer the rest as the test says.
///
/// - Isolation: its loop.
final class FakeCluster {
  /// What a master is told that is no question about the cluster.
  typealias Answer = (String) -> String

  private final class Play {
    var answer: Answer = { _ in "-ERR unexpected\r\n" }
    var slots = ""
    var epoch = 1
    var heard: [String] = []
  }

  private let plays: [Play]
  let masters: [FakeRedis]

  /// As many masters, with equal shares of the slots.
  init(loop: EventLoop, masters count: Int) throws {
    let plays = (0..<count).map { _ in Play() }
    self.plays = plays
    masters = try plays.map { play in
      try FakeRedis(loop: loop) { text in
        if text.contains("SLOTS") { return Array((FakeCluster.info(play.epoch) + play.slots).utf8) }
        play.heard.append(text)
        return Array(play.answer(text).utf8)
      }
    }
    tell(owners: Array(0..<count))
  }

  private static func info(_ epoch: Int) -> String {
    let text = "cluster_state:ok\r\ncluster_current_epoch:\(epoch)\r\n"
    return "$\(text.utf8.count)\r\n\(text)\r\n"
  }

  /// Has all masters tell that epoch.
  func tell(epoch: Int) { for play in plays { play.epoch = epoch } }

  /// Has all masters say that equal shares of the slots belong to these, in this order.
  func tell(owners: [Int]) {
    var text = "*\(owners.count)\r\n"
    for (place, owner) in owners.enumerated() {
      let (first, last) = (16_384 * place / owners.count, 16_384 * (place + 1) / owners.count - 1)
      let port = masters[owner].settings.port
      text += "*3\r\n:\(first)\r\n:\(last)\r\n*3\r\n$9\r\n127.0.0.1\r\n:\(port)\r\n$1\r\nx\r\n"
    }
    for play in plays { play.slots = text }
  }

  /// How a master answers from now on.
  func answer(_ place: Int, _ body: @escaping Answer) { plays[place].answer = body }

  /// What a master was told.
  func heard(_ place: Int) -> [String] { plays[place].heard }

  func address(_ place: Int) -> RedisAddress { masters[place].settings.address }

  /// Only the first master is named.
  var settings: RedisSettings {
    var settings = masters[0].settings
    settings.seeds = [address(0)]
    return settings
  }

  func close() { for master in masters { master.close() } }

  /// A key of the first master when there are two.
  static let key = "{b}"
  static let slot = HashSlot(of: key)
  /// A channel of the same master in another slot.
  static let other = "{f}"
}
