import HTTP1
import Testing

@Suite("Any request")
struct RequestPropertyTests {
  @Test("written and read is the same, in any pieces")
  func writtenAndRead() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<500 {
      let body = (0..<Int.random(in: 0...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let path = "/" + PercentCoding.encode(String(UInt64.random(in: 0...UInt64.max, using: &random)) + " é/%")
      var wire = bytes("PUT \(path)?q HTTP/1.1\r\nHost: a\r\nX-Seed: v\r\n")
      if Bool.random(using: &random) {
        wire += bytes("Content-Length: \(body.count)\r\n\r\n") + body
      } else {
        wire += bytes("Transfer-Encoding: chunked\r\n\r\n") + chunked(body, &random)
      }
      let outcome = drive(pieces(wire, &random))
      #expect(outcome.end == .idle, "seed \(seed)")
      #expect(outcome.requests.map(\.body) == [body], "seed \(seed)")
      #expect(outcome.requests.map(\.path) == [path], "seed \(seed)")
    }
  }

  @Test("that is garbage is read or refused, whole and byte by byte alike")
  func garbage() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededRandom(seed: seed)
    let whole = acceptedCases.map(\.wire) + refusedCases.map(\.wire)
    var changed = 0
    for _ in 0..<5000 {
      var wire = bytes(whole.randomElement(using: &random) ?? "")
      let original = drive([wire])
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<wire.count, using: &random)
        let odd: [UInt8] = [
          0, 9, 10, 13, 32, 0x3A, 0x3B, 0x2C, 0x7F, 0x80, 0xFF, 0x30, UInt8.random(in: 0...255, using: &random),
        ]
        switch Int.random(in: 0...2, using: &random) {
        case 0: wire[index] = odd.randomElement(using: &random) ?? 0
        case 1: wire.insert(odd.randomElement(using: &random) ?? 0, at: index)
        default: if wire.count > 1 { wire.remove(at: index) }
        }
      }
      let outcome = drive([wire])
      changed += outcome == original ? 0 : 1
      #expect(drive(bytewise(wire)) == outcome, "seed \(seed), \(String(decoding: wire, as: UTF8.self))")
    }
    #expect(changed > 1000)
  }

  private func chunked(_ body: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    pieces(body, &random).flatMap { bytes(String($0.count, radix: 16) + "\r\n") + $0 + bytes("\r\n") }
      + bytes("0\r\n\r\n")
  }

  private func pieces(_ all: [UInt8], _ random: inout SeededRandom) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var rest = all[...]
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...50, using: &random))
      pieces.append(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    return pieces
  }
}

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
