// Garbage at the decoder and a client's machine: read or refused; what is read is written and read again as the same.
//
// Compiled together with Sources/SocketIO by Tests/Fuzz/run. The input is cut at 0xFF: texts, and bytes after 0xFE.

private let limits = SocketLimits(
  connectTimeout: 100, attachmentsMax: 4, attachmentBytesMax: 64, namespacesMax: 3)

private func check(_ packet: SocketPacket) {
  precondition(packet.namespace.utf8.count <= SocketLimits.namespaceBytesMax, "a namespace over its limit")
  precondition(packet.attachments.count <= limits.attachmentsMax, "too many attachments")
  precondition((packet.id ?? 0) >= 0 && (packet.id ?? 0) <= SocketLimits.ackIDMax, "an ack's number over its limit")
  if packet.kind == .event || packet.kind == .binaryEvent {
    guard let event = packet.event else { preconditionFailure("an event without a name") }
    precondition(event.arguments.texts.count == event.arguments.count, "arguments are lost")
  }
  var again = SocketDecoder(limits: limits)
  var read = try? again.take(text: packet.text)
  for attachment in packet.attachments { read = try? again.take(binary: attachment) }
  precondition(read == packet, "not the same again")
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  var decoder = SocketDecoder(limits: limits)
  var machine = SocketMachine(limits: limits, at: 0)
  for part in input.split(separator: 0xFF) {
    let isBinary = part.first == 0xFE
    // Engine.IO has checked that texts are UTF-8.
    if !isBinary, String(validating: part, as: UTF8.self) == nil { continue }
    let packet: SocketPacket?
    do {
      packet = isBinary ? try decoder.take(binary: Array(part.dropFirst())) : try decoder.take(text: Array(part))
    } catch {
      return 0
    }
    guard let packet else { continue }
    check(packet)
    switch machine.received(packet) {
    case .ask(let namespace, _):
      if packet.payload.count % 3 == 0 { _ = machine.refuse(namespace, message: "no") }
      _ = machine.accept(namespace, sid: "s")
    case .event, .left, .nothing: break
    case .broken: return 0
    }
  }
  _ = machine.end()
  return 0
}
