/// Why a connection is closed, as a number on the wire.
///
/// - Source: RFC 6455 section 7.4, the IANA registry, and our own 4000…4999.
public struct CloseCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible, ExpressibleByIntegerLiteral {
  /// The number.
  public let rawValue: UInt16

  /// A code by its number.
  public init(rawValue: UInt16) { self.rawValue = rawValue }

  /// A code written as its number.
  public init(integerLiteral value: UInt16) { self.init(rawValue: value) }

  /// 1000: the purpose is fulfilled.
  public static let normal: CloseCode = 1000
  /// 1001: the server goes down or the page is left.
  public static let goingAway: CloseCode = 1001
  /// 1002: the other side broke the protocol.
  public static let protocolError: CloseCode = 1002
  /// 1003: a kind of data that is not taken.
  public static let unsupportedData: CloseCode = 1003
  /// 1005: a close frame came without a code; never on the wire.
  public static let noStatus: CloseCode = 1005
  /// 1006: the connection ended without a close frame; never on the wire.
  public static let abnormal: CloseCode = 1006
  /// 1007: text that is not UTF-8, or compressed data that is not DEFLATE.
  public static let invalidData: CloseCode = 1007
  /// 1008: a rule of ours was broken.
  public static let policyViolation: CloseCode = 1008
  /// 1009: a message is too big.
  public static let messageTooBig: CloseCode = 1009
  /// 1011: something failed here.
  public static let internalError: CloseCode = 1011
  /// 1013: try again later.
  public static let tryAgainLater: CloseCode = 1013

  /// True for a code that a close frame may carry.
  public var isAllowedOnWire: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: return true
    default: return false
    }
  }

  /// The number as text.
  public var description: String { String(rawValue) }
}
