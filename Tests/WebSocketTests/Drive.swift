import WebSocket

/// An event with its bytes taken out.
enum Heard: Equatable, Sendable {
  case text(String)
  case binary([UInt8])
  case ping([UInt8])
  case pong([UInt8])
  case close(CloseCode?, String)
  case failed(CloseCode)
}

/// Gives a parser the pieces one after the other and collects what it hears.
func hear(
  _ pieces: [[UInt8]], role: Role = .server, limits: MessageLimits = wide, terms: DeflateTerms? = nil
) -> [Heard] {
  var parser = MessageParser(role: role, limits: limits, inflater: terms?.inflater(for: role))
  return pieces.flatMap { hear(&parser, $0) }
}

/// Gives a parser one piece.
func hear(_ parser: inout MessageParser, _ piece: [UInt8]) -> [Heard] {
  var heard: [Heard] = []
  var bytes = piece
  bytes.withUnsafeMutableBytes { input in
    var offset = 0
    while true {
      switch parser.next(input, from: &offset) {
      case .needMore:
        precondition(offset == input.count, "needMore leaves nothing over")
        return
      case .text(let payload): heard.append(.text(String(decoding: payload.array(in: input), as: UTF8.self)))
      case .binary(let payload): heard.append(.binary(payload.array(in: input)))
      case .ping(let payload): heard.append(.ping(payload.array(in: input)))
      case .pong(let payload): heard.append(.pong(payload.array(in: input)))
      case .close(let code, let reason): heard.append(.close(code, reason))
      case .failed(let failure):
        heard.append(.failed(failure.code))
        return
      }
    }
  }
  return heard
}

/// Room for what the Autobahn suite sends.
let wide = MessageLimits(messageBytesMax: 16 << 20, framesPerMessageMax: 1 << 20, inflationRatioMax: 2000)

let key: UInt32 = 0x5A17_83C4

/// A client's frame.
func masked(_ opcode: Opcode, _ payload: [UInt8], fin: Bool = true, compressed: Bool = false) -> [UInt8] {
  var out: [UInt8] = []
  FrameWriter.appendMasked(opcode, payload, key: key, to: &out, isFinal: fin, isCompressed: compressed)
  return out
}

func masked(_ opcode: Opcode, _ text: String, fin: Bool = true) -> [UInt8] {
  masked(opcode, Array(text.utf8), fin: fin)
}

/// A client's frame with a first byte and a length byte of the test's own making.
func raw(_ first: UInt8, _ second: UInt8, _ rest: [UInt8] = []) -> [UInt8] { [first, second] + rest }

func bytewise(_ bytes: [UInt8]) -> [[UInt8]] { bytes.map { [$0] } }

/// A generator whose seed a failing test prints.
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
