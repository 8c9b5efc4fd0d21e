import Glibc

/// What the allocator gave for an object: its members, its header, and what was rounded up; nil where it does not say.
///
/// - Units: bytes; the same in debug and release builds.
public func allocatedBytes(of object: AnyObject) -> Int? {
  // <malloc.h> is not in Swift's module of the C library.
  guard let address = dlsym(dlopen(nil, RTLD_NOW), "malloc_usable_size") else { return nil }
  let usableSize = unsafeBitCast(address, to: (@convention(c) (UnsafeRawPointer) -> Int).self)
  return usableSize(Unmanaged.passUnretained(object).toOpaque())
}
