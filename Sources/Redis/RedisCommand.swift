import CHiredis
import Glibc

/// A command and its arguments, any bytes.
///
/// - Shape: `RedisCommand("SET", "key", "value")`; `var c = RedisCommand("SPUBLISH"); c.append(topic);
///   c.append(payload)`.
public struct RedisCommand: Hashable, Sendable {
  private var bytes: [UInt8] = []
  private var lengths: [Int] = []

  /// Makes a command of texts.
  public init(_ arguments: String...) { self.init(arguments) }

  /// Makes a command of texts.
  public init(_ arguments: [String]) {
    for argument in arguments { append(argument) }
  }

  /// Adds an argument.
  public mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    lengths.append(text.utf8.count)
  }

  /// Adds an argument.
  public mutating func append(_ argument: [UInt8]) {
    bytes.append(contentsOf: argument)
    lengths.append(argument.count)
  }

  /// How many bytes the arguments have, without framing.
  public var byteCount: Int { bytes.count }

  /// The argument at a place, the name of the command being at 0; nothing when there is none.
  func argument(_ place: Int) -> ArraySlice<UInt8>? {
    guard lengths.indices.contains(place) else { return nil }
    let start = lengths[..<place].reduce(0, +)
    return bytes[start..<(start + lengths[place])]
  }

  /// Adds the command to `output` as it stands on the wire; false when there is no memory for it.
  func format(into output: inout [UInt8]) -> Bool {
    bytes.withUnsafeBytes { flat in
      // An empty array has no address; arguments of no bytes still need one.
      let base = flat.baseAddress ?? UnsafeRawPointer(RedisCommand.nowhere)
      var pointers: [UnsafePointer<CChar>?] = []
      pointers.reserveCapacity(lengths.count)
      var offset = 0
      for length in lengths {
        pointers.append((base + offset).assumingMemoryBound(to: CChar.self))
        offset += length
      }
      var target: UnsafeMutablePointer<CChar>?
      let length = redisFormatCommandArgv(&target, CInt(clamping: lengths.count), &pointers, lengths)
      guard length > 0, let target else { return false }
      output.append(contentsOf: UnsafeRawBufferPointer(start: target, count: Int(length)))
      free(target)
      return true
    }
  }

  nonisolated(unsafe) private static let nowhere = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
}
