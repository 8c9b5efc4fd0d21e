/// What the server tells in the packet that opens a session.
///
/// - Shape: `{"sid":"…","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`
public struct EngineTerms: Sendable {
  /// The session's id: letters, digits, `_`, `-`, `.`.
  public var sid: String
  /// Whether the client may go on by WebSocket; false for a session that was opened by one.
  public var offersUpgrade: Bool
  /// The times and sizes.
  public var limits: EngineLimits

  /// Terms by their parts.
  public init(sid: String, offersUpgrade: Bool, limits: EngineLimits) {
    self.sid = sid
    self.offersUpgrade = offersUpgrade
    self.limits = limits
  }

  /// The packet that says so.
  public var packet: EnginePacket {
    let upgrades = offersUpgrade ? "[\"websocket\"]" : "[]"
    return .open(
      Array(
        """
        {"sid":"\(EngineTerms.plain(sid))","upgrades":\(upgrades),"pingInterval":\(limits.pingInterval),\
        "pingTimeout":\(limits.pingTimeout),"maxPayload":\(limits.maxPayload)}
        """.utf8))
  }

  /// Ids are our own; whatever else came in would break the JSON.
  private static func plain(_ sid: String) -> String {
    String(decoding: sid.utf8.filter(EngineRequest.isIDByte), as: UTF8.self)
  }
}
