// Garbage at the message parser and its inflater: heard or refused, the same whole and byte by byte, within the limits.
//
// Compiled together with Sources/WebSocket by Tests/Fuzz/run. The first byte of the input chooses role and compression.

private let limits = MessageLimits(messageBytesMax: 4096, framesPerMessageMax: 16)

private enum Heard: Equatable {
  case text([UInt8])
  case binary([UInt8])
  case control(Opcode, [UInt8])
  case close(CloseCode?, String)
  case failed(ProtocolFailure)
}

private func hear(_ pieces: [[UInt8]], _ role: Role, _ terms: DeflateTerms?) -> [Heard] {
  var parser = MessageParser(role: role, limits: limits, inflater: terms?.inflater(for: role))
  var heard: [Heard] = []
  for piece in pieces {
    var bytes = piece
    bytes.withUnsafeMutableBytes { input in
      var offset = 0
      reading: while true {
        switch parser.next(input, from: &offset) {
        case .needMore: break reading
        case .text(let payload): heard.append(.text(payload.array(in: input)))
        case .binary(let payload): heard.append(.binary(payload.array(in: input)))
        case .ping(let payload): heard.append(.control(.ping, payload.array(in: input)))
        case .pong(let payload): heard.append(.control(.pong, payload.array(in: input)))
        case .close(let code, let reason): heard.append(.close(code, reason))
        case .failed(let failure): heard.append(.failed(failure))
        }
      }
      precondition(offset == piece.count, "bytes left over")
    }
  }
  return heard
}

private func check(_ event: Heard) {
  switch event {
  case .text(let bytes):
    precondition(bytes.count <= limits.messageBytesMax, "text over its limit")
    precondition(String(validating: bytes, as: UTF8.self) != nil, "text is not UTF-8")
  case .binary(let bytes): precondition(bytes.count <= limits.messageBytesMax, "message over its limit")
  case .control(_, let bytes): precondition(bytes.count <= 125, "control frame too long")
  case .close(let code, _): precondition(code?.isAllowedOnWire ?? true, "close code not allowed")
  case .failed: break
  }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let all = UnsafeBufferPointer(start: data, count: count)
  guard let choice = all.first else { return 0 }
  let bytes = Array(all.dropFirst())
  let role: Role = choice & 1 == 0 ? .server : .client
  let forgets = choice & 4 != 0
  let bits = Int(choice >> 3 & 7) + 8
  let terms =
    choice & 2 == 0
    ? nil
    : DeflateTerms(serverForgets: forgets, clientForgets: forgets, serverWindowBits: bits, clientWindowBits: bits)
  let whole = hear([bytes], role, terms)
  whole.forEach(check)
  let single = hear(bytes.map { [$0] }, role, terms)
  // A piece that is bad in two ways may be refused for either; that it is refused, and where, must be the same.
  precondition(whole.count == single.count, "whole and byte by byte differ in number")
  for (a, b) in zip(whole, single) {
    if case .failed = a, case .failed = b { continue }
    precondition(a == b, "whole and byte by byte differ")
  }
  if let text = String(validating: bytes, as: UTF8.self) {
    let values = [text]
    _ = try? Handshake.agree(
      method: "GET", isHTTP11: true, hasBody: false,
      offer: .init(subprotocols: ["a"], compression: CompressionOffer())
    ) { name in name == "Upgrade" ? ["websocket"] : name == "Connection" ? ["upgrade"] : values }
    _ = DeflateTerms(parsing: values)
  }
  return 0
}
