import HTTP1
import JSONText

/// How a dialect's clients say who they are; what they bring is an access token of ours, whatever they call it.
public struct Credential: Sendable {
  /// A place where it may stand; the first one that is filled counts.
  public enum Place: Sendable, Hashable {
    /// `Authorization: Bearer …`.
    case bearer
    /// A parameter of the query, the form or the body.
    case parameter(String)
    /// A member of the `auth` that Socket.IO's CONNECT brings.
    case auth(String)
    /// A cookie, set by ``Ask/cookie(_:)``.
    case cookie(String)
  }

  /// Where requests have it.
  public let requests: [Place]
  /// Where a socket's handshake has it.
  public let sockets: [Place]
  /// Where an action may repeat it; it must then be of the user whose socket it is.
  public let actions: [Place]
  /// Seconds that a token lives.
  public let lifetime: Int64
  /// Whether a socket is let in without it, to be bound by an ``Access/open`` action.
  public let isProvenLater: Bool

  /// Collects it.
  public init(
    requests: [Place], sockets: [Place], actions: [Place] = [], lifetime: Int64, isProvenLater: Bool = false
  ) {
    self.requests = requests
    self.sockets = sockets
    self.actions = actions
    self.lifetime = lifetime
    self.isProvenLater = isProvenLater
  }

  /// The longest token that is looked at, in bytes: longer than any of ours.
  static let bytesMax = 8_192

  /// The token that a request or a handshake brings.
  static func token(
    in places: [Place], headers: HeaderFields, parameters: Parameters, auth: JSONValue? = nil
  ) -> Result<String, CredentialFault.Carried>? {
    for place in places {
      switch place {
      case .bearer:
        guard let value = headers["authorization"] else { continue }
        return bearer(value)
      case .parameter(let name):
        if let text = parameters.text(name), !text.isEmpty { return checked(text) }
      case .auth(let name):
        if let text = auth?[name]?.string, !text.isEmpty { return checked(text) }
      case .cookie(let name):
        if let text = cookie(name, headers), !text.isEmpty { return checked(text) }
      }
    }
    return nil
  }

  private static func bearer(_ value: String) -> Result<String, CredentialFault.Carried> {
    let parts = value.split(separator: " ")
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .failure(.init(.missing)) }
    return checked(String(parts[1]))
  }

  private static func checked(_ text: String) -> Result<String, CredentialFault.Carried> {
    text.utf8.count <= bytesMax ? .success(text) : .failure(.init(.malformed))
  }

  private static func cookie(_ name: String, _ headers: HeaderFields) -> String? {
    for value in headers.values(for: "cookie") {
      for pair in value.split(separator: ";") {
        // With the empty ones: of a lone `=` nothing else is left.
        let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard sides.count == 2, sides[0].drop(while: { $0 == " " }) == name, !sides[1].isEmpty else { continue }
        return String(sides[1])
      }
    }
    return nil
  }
}

extension CredentialFault {
  /// A fault as an error.
  struct Carried: Error {
    let fault: CredentialFault
    init(_ fault: CredentialFault) { self.fault = fault }
  }
}
