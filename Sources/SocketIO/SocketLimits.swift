/// The times and sizes of Socket.IO; an object, so that each of thousands of clients keeps eight bytes of it.
public final class SocketLimits: Sendable {
  /// Milliseconds in which a client must have come into a namespace: 45,000, what clients expect.
  public let connectTimeout: Int64

  /// Attachments of one packet: 10, as the JavaScript server allows.
  public let attachmentsMax: Int

  /// Bytes of all attachments of one packet: 1 MiB, about one frame of Engine.IO.
  public let attachmentBytesMax: Int

  /// Namespaces of one client at a time: 16, several times what any program joins.
  public let namespacesMax: Int

  /// Limits with their defaults.
  public init(
    connectTimeout: Int64 = 45_000, attachmentsMax: Int = 10, attachmentBytesMax: Int = 1 << 20,
    namespacesMax: Int = 16
  ) {
    self.connectTimeout = connectTimeout
    self.attachmentsMax = attachmentsMax
    self.attachmentBytesMax = attachmentBytesMax
    self.namespacesMax = namespacesMax
  }

  /// Bytes of a namespace's name: 128, since names are written by programmers.
  public static let namespaceBytesMax = 128

  /// Bytes of an event's name: 256, since names are written by programmers.
  public static let eventNameBytesMax = 256

  /// The largest number of an ack, 2^53 - 1: what JavaScript keeps exactly.
  public static let ackIDMax: Int64 = 9_007_199_254_740_991

  /// Levels of arrays and objects in a payload: 64, so that reading it needs little stack.
  public static let depthMax = 64
}

/// Why what came is no packet of Socket.IO.
public enum SocketError: String, Error, Sendable, Equatable, CaseIterable {
  case empty = "A packet has at least its type."
  case unknownKind = "A packet begins with its type, 0 to 6."
  case attachmentCount = "The number of attachments is digits and a dash, within the limit."
  case namespace = "A namespace begins with a slash and is short."
  case ackID = "An ack's number is below 2^53."
  case payload = "The payload does not fit the packet's type."
  case json = "The payload is not JSON."
  case tooDeep = "The payload is nested too deeply."
  case eventName = "An event's name is a short string that is not reserved."
  case placeholder = "Placeholders name the attachments, each at least once."
  case attachmentMissing = "Attachments follow their packet before anything else."
  case attachmentUnexpected = "No packet waits for an attachment."
  case attachmentsTooLarge = "The attachments are too large."
}
