import CLinux
import Glibc

/// A system call that failed.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Its name.
  public let call: String
  /// Its errno.
  public let code: Int32

  /// Keeps errno as it is now, unless another code is given.
  public init(call: String, code: Int32 = errno) {
    self.call = call
    self.code = code
  }

  /// `bind: Address already in use`.
  public var description: String {
    guard let message = clinux_error_text(code) else { return "\(call): error \(code)" }
    return "\(call): \(String(cString: message))"
  }
}
