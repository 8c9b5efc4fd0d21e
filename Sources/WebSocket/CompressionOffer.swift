/// How far this server goes with compression.
///
/// - Source: RFC 7692 section 7.1.
public struct CompressionOffer: Sendable, Equatable {
  /// The server forgets its window after each message even when the client does not ask: memory for ratio.
  public var serverForgets: Bool
  /// The client is told to forget its window after each message.
  public var clientForgets: Bool
  /// The largest window of the server, 8 to 15.
  public var serverWindowBitsMax: Int
  /// The largest window of a client that can be told, 8 to 15.
  public var clientWindowBitsMax: Int

  /// An offer by its parts; by default nothing is kept between messages, so that an idle connection holds no window.
  public init(
    serverForgets: Bool = true, clientForgets: Bool = true, serverWindowBitsMax: Int = 15, clientWindowBitsMax: Int = 15
  ) {
    self.serverForgets = serverForgets
    self.clientForgets = clientForgets
    self.serverWindowBitsMax = min(max(serverWindowBitsMax, 8), 15)
    self.clientWindowBitsMax = min(max(clientWindowBitsMax, 8), 15)
  }

  /// The terms for one proposal of a client; nil declines it.
  func agree(_ proposal: ExtensionOffer) -> DeflateTerms? {
    guard proposal.name == "permessage-deflate" else { return nil }
    var terms = DeflateTerms(
      serverForgets: serverForgets, clientForgets: clientForgets,
      serverWindowBits: serverWindowBitsMax < 15 ? serverWindowBitsMax : nil)
    var seen: Set<String> = []
    for parameter in proposal.parameters {
      guard seen.insert(parameter.name).inserted else { return nil }
      switch (parameter.name, parameter.value) {
      case ("server_no_context_takeover", nil): terms.serverForgets = true
      case ("client_no_context_takeover", nil): terms.clientForgets = true
      case ("server_max_window_bits", let value?):
        guard let bits = CompressionOffer.windowBits(value) else { return nil }
        terms.serverWindowBits = min(bits, serverWindowBitsMax)
      case ("client_max_window_bits", nil):
        terms.clientWindowBits = clientWindowBitsMax < 15 ? clientWindowBitsMax : nil
      case ("client_max_window_bits", let value?):
        guard let bits = CompressionOffer.windowBits(value) else { return nil }
        terms.clientWindowBits = min(bits, clientWindowBitsMax)
      default: return nil
      }
    }
    return terms
  }

  /// A decimal number from 8 to 15 without a leading zero.
  static func windowBits(_ text: String) -> Int? {
    ["8", "9", "10", "11", "12", "13", "14", "15"].contains(text) ? Int(text) : nil
  }
}

extension DeflateTerms {
  /// The value of Sec-WebSocket-Extensions that says these terms.
  public var headerValue: String {
    var text = "permessage-deflate"
    if serverForgets { text += "; server_no_context_takeover" }
    if clientForgets { text += "; client_no_context_takeover" }
    if let serverWindowBits { text += "; server_max_window_bits=\(serverWindowBits)" }
    if let clientWindowBits { text += "; client_max_window_bits=\(clientWindowBits)" }
    return text
  }

  /// Reads the terms that a server has answered, for a client; nil when they are not permessage-deflate's.
  public init?(parsing values: [String]) {
    let answers = ExtensionOffer.parse(values)
    guard answers.count == 1, let answer = answers.first else { return nil }
    let everything = CompressionOffer(serverForgets: false, clientForgets: false)
    guard let terms = everything.agree(answer) else { return nil }
    self = terms
  }
}
