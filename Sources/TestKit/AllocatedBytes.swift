/// What is asked of the allocator for an object: its header and its members, as its class says; nil for what is no
/// Swift class.
///
/// What the allocator gives is no measure: it may be 16 bytes more when the rest of a piece would be too small to keep.
/// - Units: bytes; the same in debug and release builds.
/// - Source: apple/swift, docs/ABI/TypeMetadata, "Class Metadata", without Objective-C: kind, superclass, flags (4
///   bytes), address point (4), instance size (4).
public func allocatedBytes(of object: AnyObject) -> Int? {
  let metadata = unsafeBitCast(type(of: object) as AnyClass, to: UnsafeRawPointer.self)
  let size = metadata.load(fromByteOffset: 2 * MemoryLayout<Int>.size + 8, as: UInt32.self)
  return size == 0 ? nil : Int(size)
}
