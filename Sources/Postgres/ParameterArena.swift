import Glibc

/// The parameters of one statement as libpq takes them, in one buffer that a connection uses again and again.
final class ParameterArena {
  // Encoding calls nobody back, and each number of a batch is an access.
  @exclusivity(unchecked) private var bytes: [UInt8] = []
  @exclusivity(unchecked) private var places: [(start: Int, length: Int32)] = []

  /// Encodes the parameters and hands them over for the time of the call.
  ///
  /// - Throws: ``PostgresError/textWithNUL(parameter:)``.
  func with<Result>(
    _ parameters: [Parameter],
    _ body: (Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?) -> Result
  ) -> Result {
    bytes.removeAll(keepingCapacity: bytes.capacity <= ParameterArena.bytesKeptMax)
    places.removeAll(keepingCapacity: true)
    for parameter in parameters { encode(parameter) }
    let count = places.count
    return bytes.withUnsafeBytes { raw in
      withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: count) { values in
        // Their lengths, then their formats.
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * count) { numbers in
          for (number, place) in places.enumerated() {
            // An empty value still needs a pointer: none means NULL.
            let start = raw.baseAddress.map { $0.advanced(by: place.start) } ?? ParameterArena.nowhere
            let value = place.length < 0 ? nil : start.assumingMemoryBound(to: CChar.self)
            values.initializeElement(at: number, to: value)
            numbers.initializeElement(at: number, to: max(0, place.length))
            numbers.initializeElement(at: count + number, to: 1)
          }
          let (lengths, all) = (numbers.baseAddress, values.baseAddress)
          return body(
            Int32(count), all.map { UnsafePointer($0) }, lengths.map { UnsafePointer($0) },
            lengths.map { UnsafePointer($0 + count) })
        }
      }
    }
  }

  /// A buffer that a burst has blown up beyond this is let go: the largest batch of sends with usual texts.
  private static let bytesKeptMax = 256 * 1024
  private nonisolated(unsafe) static let nowhere = UnsafeRawPointer(
    UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))

  private func encode(_ parameter: Parameter) {
    switch parameter {
    case .bool(let value): place(value.map { $0 ? UInt8(1) : 0 })
    case .int2(let value): place(value)
    case .int4(let value): place(value)
    case .int8(let value): place(value)
    case .time(let milliseconds): place(milliseconds.map(ParameterArena.microseconds))
    case .text(let text): place(text) { bytes.append(contentsOf: $0.utf8) }
    case .bytes(let value): place(value) { bytes.append(contentsOf: $0) }
    case .bools(let values): array(values, TypeID.bool) { sized($0 ? UInt8(1) : 0) }
    case .int2s(let values): array(values, TypeID.int2) { sized($0) }
    case .int8s(let values):
      array(values, TypeID.int8) { value in
        if let value { sized(value) } else { integer(Int32(-1)) }
      }
    case .texts(let values):
      array(values, TypeID.text) { value in
        guard let value else { return integer(Int32(-1)) }
        let utf8 = value.utf8
        integer(Int32(clamping: utf8.count))
        bytes.append(contentsOf: utf8)
      }
    }
  }

  /// Milliseconds since 1970 as microseconds since 2000; beyond what fits, the nearest moment that does.
  static func microseconds(_ milliseconds: Int64) -> Int64 {
    let (product, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
    guard !overflow else { return milliseconds < 0 ? .min : .max }
    let (moment, below) = product.subtractingReportingOverflow(TypeID.epochMicroseconds)
    return below ? .min : moment
  }

  private func place<Value>(_ value: Value?, _ write: (Value) -> Void) {
    guard let value else { return places.append((bytes.count, -1)) }
    let start = bytes.count
    write(value)
    places.append((start, Int32(clamping: bytes.count - start)))
  }

  private func place<Value: FixedWidthInteger>(_ value: Value?) { place(value) { integer($0) } }

  private func integer<Value: FixedWidthInteger>(_ value: Value) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  private func sized<Value: FixedWidthInteger>(_ value: Value) {
    integer(Int32(MemoryLayout<Value>.size))
    integer(value)
  }

  /// One-dimensional: number of dimensions, whether NULL may occur, element type, length, lower bound, elements.
  private func array<Element>(_ values: [Element], _ type: UInt32, _ write: (Element) -> Void) {
    place(values) { values in
      integer(Int32(values.isEmpty ? 0 : 1))
      integer(Int32(1))
      integer(type)
      guard !values.isEmpty else { return }
      integer(Int32(clamping: values.count))
      integer(Int32(1))
      for value in values { write(value) }
    }
  }
}

extension Parameter {
  /// Whether a text in it holds NUL.
  var holdsNUL: Bool {
    switch self {
    case .text(let text): text.map(Parameter.hasNUL) ?? false
    case .texts(let texts): texts.contains { $0.map(Parameter.hasNUL) ?? false }
    default: false
    }
  }

  /// Whether a text holds NUL, which libpq would cut it at.
  public static func hasNUL(_ text: String) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { memory in
      guard let start = memory.baseAddress else { return false }
      return memchr(start, 0, memory.count) != nil
    } ?? text.utf8.contains(0)
  }
}
