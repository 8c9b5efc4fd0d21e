/// What a message's text says of itself: who has sent it as its how-many-th, when it was due, for a target that numbers
/// nothing its place among its worker's messages to the room, and which of the run's rooms it is for.
///
/// - Shape: `m!<worker>!<number>!<nanoseconds>!<place>!<room>!` and letters up to the wanted length.
/// - Units: nanoseconds of the machine's monotonic clock, which all workers share.
struct Mark: Equatable {
  let worker: Int
  let number: Int64
  let due: Int64
  let place: Int64
  let room: Int

  private static let bang = UInt8(ascii: "!")

  /// Appends the text.
  func append(to out: inout [UInt8], bytes length: Int) {
    let start = out.count
    out.append(UInt8(ascii: "m"))
    for part in [Int64(worker), number, due, place, Int64(room)] {
      out.append(Self.bang)
      Digits.append(part, to: &out)
    }
    out.append(Self.bang)
    let missing = length - (out.count - start)
    if missing > 0 { out.append(contentsOf: repeatElement(UInt8(ascii: "x"), count: missing)) }
  }

  /// Finds it: a text of ours begins with the first exclamation mark of a frame.
  init?(in bytes: UnsafeRawBufferPointer) {
    guard let first = bytes.firstIndex(of: Self.bang), first > 0, bytes[first - 1] == UInt8(ascii: "m") else {
      return nil
    }
    var at = first + 1
    guard let worker = Digits.take(bytes, &at, until: Self.bang),
      let number = Digits.take(bytes, &at, until: Self.bang),
      let due = Digits.take(bytes, &at, until: Self.bang), let place = Digits.take(bytes, &at, until: Self.bang),
      let room = Digits.take(bytes, &at, until: Self.bang), worker < 1 << 16, room < 1 << 32
    else { return nil }
    self.init(worker: Int(worker), number: number, due: due, place: place, room: Int(room))
  }

  init(worker: Int, number: Int64, due: Int64, place: Int64 = 0, room: Int) {
    self.place = place
    self.room = room
    self.worker = worker
    self.number = number
    self.due = due
  }
}

/// Whole numbers as decimal digits, without a string in between.
enum Digits {
  static func append(_ value: Int64, to out: inout [UInt8]) {
    var rest = value.magnitude
    let start = out.count
    repeat {
      out.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    if value < 0 { out.append(UInt8(ascii: "-")) }
    out[start...].reverse()
  }

  /// Reads digits up to `end`, which is taken too; nothing when there is something else, or too much.
  static func take(_ bytes: UnsafeRawBufferPointer, _ at: inout Int, until end: UInt8) -> Int64? {
    var value: Int64 = 0
    let start = at
    while at < bytes.count, at &- start < 19 {
      let byte = bytes[at]
      at &+= 1
      if byte == end { return at &- start > 1 ? value : nil }
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value &* 10 &+ Int64(byte &- 0x30)
    }
    return nil
  }
}
