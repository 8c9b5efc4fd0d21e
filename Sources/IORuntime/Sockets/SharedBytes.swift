import Glibc

/// Bytes that never change, in one allocation for any number of recipients.
///
/// What is fanned out is encoded once into one of these; a connection that cannot take it at once keeps a reference
/// when it is long, a copy when it is short (``SharedBytes/copiedBelow``).
public final class SharedBytes: Sendable {
  /// Up to this many bytes a copy behind what already waits is cheaper than a piece of its own in the system call.
  public static let copiedBelow = 2048

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
