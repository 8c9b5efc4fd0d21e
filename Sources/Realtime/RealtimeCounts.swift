/// What the native socket has done on one loop since it began.
public struct RealtimeCounts: Sendable, Hashable {
  /// Sessions begun.
  public var opened = 0
  /// Sessions open now.
  public var open = 0
  /// Requests answered, by operation and outcome (`message.send`, `ok` or the problem's code).
  public var requests: [String: [String: Int]] = [:]
  /// Sessions closed by the server, by close code.
  public var closed: [CloseCode: Int] = [:]
}
