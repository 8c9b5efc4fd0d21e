/// Why a call has no answer. What was asked may or may not have been done: repeat it with the same ids.
public struct CallFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// In words: refused, cut, timed out, no HTTP.
  public let description: String

  static let timedOut = CallFailure("timed out")

  /// Takes the words.
  public init(_ description: String) { self.description = description }
}
