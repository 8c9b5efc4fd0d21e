import Glibc

/// Bytes that never change, in one allocation for any number of recipients.
///
/// What is fanned out is encoded once into one of these; a connection that cannot take it at once keeps a reference
/// when it is long, a copy when it is short (``SharedBytes/copiedBelow``).
public final class SharedBytes: Sendable {
  /// Up to this many bytes are copied behind what already waits; longer ones become a piece of their own in the system
  /// call. Measured at 1 to 1,000: even at 300 bytes, by reference a tenth to a third cheaper from 600 on, half at
  /// 8,000.
  public static let copiedBelow = 512

  private nonisolated(unsafe) let base: UnsafeMutableRawPointer?
  /// How many bytes there are.
  public let count: Int

  /// Copies an array.
  public convenience init(_ bytes: [UInt8]) { self.init(copying: bytes.span.bytes) }

  /// Copies a span.
  public convenience init(copying bytes: RawSpan) {
    self.init(capacity: bytes.byteCount) { target in
      bytes.withUnsafeBytes { target.copyMemory(from: $0) }
      return bytes.byteCount
    }
  }

  /// Lets `fill` write up to `capacity` bytes; it returns how many it wrote.
  public init(capacity: Int, fill: (UnsafeMutableRawBufferPointer) -> Int) {
    base = capacity > 0 ? malloc(capacity) : nil
    let space = UnsafeMutableRawBufferPointer(start: base, count: base == nil ? 0 : capacity)
    count = min(max(0, fill(space)), space.count)
  }

  /// Takes over memory that malloc gave.
  init(adopting base: UnsafeMutableRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  deinit { free(base) }

  /// The bytes, for as long as `body` runs.
  public func withUnsafeBytes<Value, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try body(raw)
  }

  /// The bytes; valid while the object lives.
  var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : count) }
}
