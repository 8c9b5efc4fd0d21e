import EngineIO
import Synchronization

/// The sessions of a process, by their ids, whatever loop they live on.
public final class EngineDirectory: Sendable {
  /// Sessions of a process: 50,000, some hundred megabytes; further handshakes are refused (503).
  public static let sessionsMax = 50_000

  /// Sessions of one address in which nobody has proved yet who he is: 2,048, a large office that comes back at once;
  /// further handshakes are refused (503), so that a few addresses cannot take all places with a request each.
  public static let newcomersPerAddressMax = 2_048

  /// What stands before the dot of each id: the node's name, so that another node knows whose session it is.
  public let node: String
  private let places = Mutex(Places())

  private struct Places {
    var sessions: [String: EngineSession] = [:]
    /// How many sessions of an address have nobody known.
    var newcomers: [String: Int] = [:]
  }

  /// An empty directory; `node` is letters, digits, `_` and `-`, or empty.
  public init(node: String = "") { self.node = node }

  /// Bytes of a node's name in ids: 32, which leaves room for the rest of an id in what is accepted as one.
  public static let nodeBytesMax = 32

  /// The name that a node has in ids: its own when that is short and plain, else one made of it, the same everywhere.
  public static func plainName(of node: String) -> String {
    guard !isPlain(node.utf8) else { return node }
    // FNV-1a: names are the operator's, nobody gains by two that meet.
    let hash = node.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    return "n-" + String(hash, radix: 16)
  }

  /// The name of the node whose session this id could be; nil when it has none.
  public static func node(of id: String) -> String? {
    guard let dot = id.utf8.firstIndex(of: UInt8(ascii: ".")), isPlain(id.utf8[..<dot]) else { return nil }
    return String(id[..<dot])
  }

  private static func isPlain(_ name: some Collection<UInt8>) -> Bool {
    (1...nodeBytesMax).contains(name.count)
      && name.allSatisfy {
        (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || $0 == 0x5F || $0 == 0x2D
      }
  }

  /// How many sessions there are.
  public var count: Int { places.withLock { $0.sessions.count } }

  /// The session of that id.
  public func session(_ id: String) -> EngineSession? { places.withLock { $0.sessions[id] } }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".utf8)

  /// An id that nobody can guess: 144 random bits in 24 letters, behind the node's name.
  public func makeID() -> String {
    var random = SystemRandomNumberGenerator()
    var letters = node.isEmpty ? [] : Array(node.utf8) + [UInt8(ascii: ".")]
    for _ in 0..<3 {
      var bits = random.next()
      for _ in 0..<8 {
        letters.append(EngineDirectory.alphabet[Int(bits & 63)])
        bits >>= 6
      }
    }
    return String(decoding: letters, as: UTF8.self)
  }

  /// Adds a session unless there are too many, or too many newcomers of its address.
  func add(_ session: EngineSession) -> Bool {
    places.withLock {
      guard $0.sessions.count < EngineDirectory.sessionsMax else { return false }
      if let address = session.newcomerFrom {
        guard $0.newcomers[address, default: 0] < EngineDirectory.newcomersPerAddressMax else { return false }
        $0.newcomers[address, default: 0] += 1
      }
      $0.sessions[session.id] = session
      return true
    }
  }

  func remove(_ id: String) { places.withLock { _ = $0.sessions.removeValue(forKey: id) } }

  /// One newcomer less of that address: he is known, or gone.
  func settle(_ address: String) {
    places.withLock {
      let left = $0.newcomers[address, default: 1] - 1
      $0.newcomers[address] = left > 0 ? left : nil
    }
  }
}
