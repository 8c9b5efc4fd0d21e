/// The terms of compression that both sides agreed on.
///
/// - Source: RFC 7692 section 7.1.
public struct DeflateTerms: Sendable, Equatable {
  /// The server forgets its window after each message.
  public var serverForgets: Bool
  /// The client forgets its window after each message.
  public var clientForgets: Bool
  /// The server's window as a power of two, 8 to 15; nil when nobody spoke of it, which is 15.
  public var serverWindowBits: Int?
  /// The client's window as a power of two, 8 to 15; nil when nobody spoke of it, which is 15.
  public var clientWindowBits: Int?

  /// Terms by their parts.
  public init(
    serverForgets: Bool = false, clientForgets: Bool = false, serverWindowBits: Int? = nil,
    clientWindowBits: Int? = nil
  ) {
    self.serverForgets = serverForgets
    self.clientForgets = clientForgets
    self.serverWindowBits = serverWindowBits
    self.clientWindowBits = clientWindowBits
  }

  /// What reads the other side's messages for the side that plays `role`.
  public func inflater(for role: Role) -> MessageInflater {
    role == .server
      ? MessageInflater(windowBits: clientWindowBits ?? 15, forgets: clientForgets)
      : MessageInflater(windowBits: serverWindowBits ?? 15, forgets: serverForgets)
  }

  /// What makes this side's messages for the side that plays `role`.
  public func deflater(for role: Role) -> MessageDeflater {
    role == .server
      ? MessageDeflater(windowBits: serverWindowBits ?? 15, forgets: serverForgets)
      : MessageDeflater(windowBits: clientWindowBits ?? 15, forgets: clientForgets)
  }
}
