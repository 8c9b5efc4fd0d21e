/// Makes packets of what Engine.IO brings: a text, and the binary messages that belong to it.
///
/// - Limits: ``SocketLimits``; nothing is held but one packet whose attachments are under way.
public struct SocketDecoder: Sendable {
  private let limits: SocketLimits
  private var waiting: (packet: SocketPacket, count: Int)?
  private var attachedBytes = 0

  /// A decoder at the start of a session.
  public init(limits: SocketLimits = SocketLimits()) { self.limits = limits }

  /// Takes a text.
  ///
  /// - Parameter text: valid UTF-8, as Engine.IO gives it.
  /// - Returns: the packet; nil when its attachments are to follow.
  public mutating func take(text: [UInt8]) throws(SocketError) -> SocketPacket? {
    guard waiting == nil else { throw .attachmentMissing }
    let head = try PacketHead(text, attachmentsMax: limits.attachmentsMax)
    try head.checkPayload()
    guard head.attachments > 0 else { return head.packet }
    waiting = (head.packet, head.attachments)
    attachedBytes = 0
    return nil
  }

  /// Takes bytes.
  ///
  /// - Returns: the packet whose last attachment this was; nil when more are to follow.
  public mutating func take(binary bytes: [UInt8]) throws(SocketError) -> SocketPacket? {
    guard let (waitingPacket, count) = waiting else { throw .attachmentUnexpected }
    attachedBytes += bytes.count
    guard attachedBytes <= limits.attachmentBytesMax else { throw .attachmentsTooLarge }
    // Not held twice while it grows.
    waiting = nil
    var packet = waitingPacket
    packet.attachments.append(bytes)
    if packet.attachments.count == count { return packet }
    waiting = (packet, count)
    return nil
  }
}

/// The text of a packet, read from left to right.
struct PacketHead {
  private(set) var packet: SocketPacket
  private(set) var attachments = 0

  private static let reservedNames: Set<String> = [
    "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
  ]

  init(_ text: [UInt8], attachmentsMax: Int) throws(SocketError) {
    guard let type = text.first else { throw .empty }
    guard let kind = SocketPacketKind(rawValue: type &- UInt8(ascii: "0")) else { throw .unknownKind }
    packet = SocketPacket(kind)
    var index = 1
    if kind == .binaryEvent || kind == .binaryAck {
      guard let count = PacketHead.number(text, &index, max: Int64(attachmentsMax)), count > 0,
        index < text.count, text[index] == UInt8(ascii: "-")
      else { throw .attachmentCount }
      attachments = Int(count)
      index += 1
    }
    if index < text.count, text[index] == UInt8(ascii: "/") { packet.namespace = try PacketHead.name(text, &index) }
    if index < text.count, text[index] &- UInt8(ascii: "0") < 10 {
      guard let id = PacketHead.number(text, &index, max: SocketLimits.ackIDMax) else { throw .ackID }
      packet.id = id
    }
    packet.payload = Array(text[index...])
  }

  private static func name(_ text: [UInt8], _ index: inout Int) throws(SocketError) -> String {
    let start = index
    let end = text[start...].firstIndex(of: UInt8(ascii: ",")) ?? text.endIndex
    guard end - start <= SocketLimits.namespaceBytesMax else { throw .namespace }
    index = min(end + 1, text.count)
    guard text[start..<end].allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .namespace }
    return String(decoding: text[start..<end], as: UTF8.self)
  }

  /// Digits up to the limit; nil without one or past it.
  private static func number(_ text: [UInt8], _ index: inout Int, max: Int64) -> Int64? {
    var value: Int64?
    while index < text.count, text[index] &- UInt8(ascii: "0") < 10 {
      let next = (value ?? 0) * 10 + Int64(text[index] &- UInt8(ascii: "0"))
      guard next <= max else { return nil }
      value = next
      index += 1
    }
    return value
  }

  // MARK: Payloads

  func checkPayload() throws(SocketError) {
    switch packet.kind {
    case .connect:
      guard packet.id == nil else { throw .payload }
      if !packet.payload.isEmpty { try JSONWalk.object(packet.payload) }
    case .disconnect:
      guard packet.id == nil, packet.payload.isEmpty else { throw .payload }
    case .event, .binaryEvent:
      let walk = try JSONWalk.list(packet.payload)
      try PacketHead.checkName(packet.payload, walk.elements.first)
      try checkPlaceholders(walk)
    case .ack, .binaryAck:
      guard packet.id != nil else { throw .ackID }
      try checkPlaceholders(try JSONWalk.list(packet.payload))
    case .connectError:
      // Only a server says that.
      throw .payload
    }
  }

  private func checkPlaceholders(_ walk: JSONWalk) throws(SocketError) {
    // Without attachments an object may look like a placeholder: it is what somebody sent, and means itself.
    guard attachments > 0 else { return }
    guard walk.placeholders.allSatisfy({ (0..<attachments).contains($0) }),
      Set(walk.placeholders).count == attachments
    else { throw .placeholder }
  }

  private static func checkName(_ payload: [UInt8], _ range: Range<Int>?) throws(SocketError) {
    guard let range, payload[range.lowerBound] == UInt8(ascii: "\""),
      range.count <= SocketLimits.eventNameBytesMax + 2, range.count > 2
    else { throw .eventName }
    guard !reservedNames.contains(JSONString.text(payload[range])) else { throw .eventName }
  }
}
