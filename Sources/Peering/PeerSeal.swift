import HTTP1
import Tokens

/// Why a request at the private door is refused.
public enum PeerRefusal: String, Error, Sendable, CaseIterable {
  /// It says nothing of having been passed on.
  case unsealed
  /// What it says cannot be read.
  case malformed
  /// It is meant for another node.
  case misdirected
  /// It is too old, or from the future.
  case expired
  /// Its code is not one of ours.
  case forged
  /// It has been here before.
  case replayed
  /// Too many numbers are remembered.
  case full
  /// Nothing of Engine.IO is at its path.
  case path
}

/// What one node tells another of a request that it passes on.
///
/// - Shape: `Martlet-Forwarded: socket-1 socket-2 192.0.2.7 1763730000000 9f3c… <code>`
struct PeerHop: Equatable {
  static let field = "Martlet-Forwarded"

  var from: String
  var to: String
  /// The client's address; `-` when it has none.
  var client: String
  /// Milliseconds of Unix time.
  var time: Int64
  var nonce: UInt64

  /// What is sealed of it.
  var words: String { "\(from) \(to) \(client) \(time) \(String(nonce, radix: 16))" }
}

/// The seal of the cluster: by it nodes know each other's requests and addresses.
///
/// It is made of a secret that all nodes have, under a name of its own, so that nothing which is sealed here can be
/// taken for anything else made of that secret.
public struct PeerSeal: Sendable {
  private let key: [UInt8]

  /// A seal under a secret of the cluster.
  public init(secret: [UInt8]) { key = HMACSHA256.code(Array("martlet nodes 1".utf8), key: secret) }

  // MARK: Addresses

  /// Proves that a node of the cluster gave itself that address.
  public func proof(of node: String, at address: String) -> String { code("address\n\(node)\n\(address)") }

  /// Whether a node of the cluster gave itself that address.
  public func isGenuine(_ proof: String, of node: String, at address: String) -> Bool {
    ConstantTime.equal(Array(proof.utf8), Array(self.proof(of: node, at: address).utf8))
  }

  // MARK: Nodes

  /// Proves that a node of the cluster is that process.
  public func proof(ofIdentity identity: String) -> String { code("node\n\(identity)") }

  /// Whether a node of the cluster is that process.
  public func isGenuine(_ proof: String, ofIdentity identity: String) -> Bool {
    ConstantTime.equal(Array(proof.utf8), Array(self.proof(ofIdentity: identity).utf8))
  }

  // MARK: Requests

  /// The value of ``PeerHop/field`` for a request; it seals the line, the body and what ``PeerHeaders`` lets through.
  func value(_ hop: PeerHop, method: Method, target: String, headers: HeaderFields, body: [UInt8]) -> String {
    "\(hop.words) \(code(hop, method, target, headers, body))"
  }

  /// Reads what a request says of having been passed on, and checks its code.
  func open(_ request: Request) throws(PeerRefusal) -> PeerHop {
    let values = request.headers.values(for: PeerHop.field)
    guard let value = values.first else { throw .unsealed }
    let words = value.split(separator: " ", omittingEmptySubsequences: false)
    guard values.count == 1, words.count == 6, let time = Int64(words[3]), let nonce = UInt64(words[4], radix: 16)
    else { throw .malformed }
    let hop = PeerHop(
      from: String(words[0]), to: String(words[1]), client: String(words[2]), time: time, nonce: nonce)
    let expected = code(
      hop, request.method, request.head.target, PeerHeaders.passed(request.headers), request.body)
    guard ConstantTime.equal(Array(words[5].utf8), Array(expected.utf8)) else { throw .forged }
    return hop
  }

  private func code(
    _ hop: PeerHop, _ method: Method, _ target: String, _ headers: HeaderFields, _ body: [UInt8]
  ) -> String {
    // Neither a target nor a header can have a line's end in it, so that no two requests make the same text.
    var text = "request\n\(hop.words)\n\(method)\n\(target)\n\(Hexadecimal.encode(SHA256Digest.hash(body)))\n"
    for (name, value) in headers { text += "\(name.lowercased()):\(value)\n" }
    return code(text)
  }

  private func code(_ text: String) -> String { Hexadecimal.encode(HMACSHA256.code(Array(text.utf8), key: key)) }
}

/// Which header fields of a client travel on: those that the owner's door reads, and no others, since they travel in
/// clear.
enum PeerHeaders {
  /// Whose page it is and where it believes to be, the handshake of a WebSocket, and the cookie by which a client may
  /// prove who he is when he goes over to one.
  private static let read: Set<String> = [
    "host", "origin", "cookie", "content-type", "sec-websocket-key", "sec-websocket-version",
    "sec-websocket-extensions", "sec-websocket-protocol",
  ]

  static func passed(_ headers: HeaderFields) -> HeaderFields {
    var passed = HeaderFields()
    for (name, value) in headers where read.contains(name.lowercased()) { passed.append(name, value) }
    return passed
  }
}
