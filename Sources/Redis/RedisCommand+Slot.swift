/// Where in a cluster a command belongs.
extension RedisCommand {
  /// The slot of its key or channel; nil when any node may answer it.
  ///
  /// Worked out only for a cluster, so that it costs nothing with one Redis.
  var slot: HashSlot? {
    guard let name = argument(0) else { return nil }
    // By far most commands of a node: no table is looked at for them.
    if name.elementsEqual(RedisCommand.publish) { return argument(1).map(HashSlot.init(ofBytes:)) }
    guard let place = RedisCommand.keyPlaces[Array(name)] ?? 1 else { return nil }
    // The number of keys stands before the first of them, and may be none.
    if place == 3, argument(2)?.elementsEqual([UInt8(ascii: "0")]) == true { return nil }
    return argument(place).map(HashSlot.init(ofBytes:))
  }

  private static let publish = Array("SPUBLISH".utf8)

  /// Commands whose key is not their first argument; nil for those that have none.
  private static let keyPlaces: [[UInt8]: Int?] = {
    let keyless = [
      "PING", "ECHO", "SCRIPT", "CLUSTER", "INFO", "CLIENT", "ACL", "CONFIG", "PUBSUB", "DEBUG", "PUBLISH",
    ]
    var places: [[UInt8]: Int?] = [Array("EVAL".utf8): 3, Array("EVALSHA".utf8): 3]
    for name in keyless { places[Array(name.utf8)] = .some(nil) }
    return places
  }()
}
