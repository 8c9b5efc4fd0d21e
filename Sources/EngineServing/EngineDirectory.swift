import EngineIO
import Synchronization

/// The sessions of a process, by their ids, whatever loop they live on.
public final class EngineDirectory: Sendable {
  /// Sessions of a process: 50,000, some hundred megabytes; further handshakes are refused (503).
  public static let sessionsMax = 50_000

  /// What stands before the dot of each id: the node's name, so that another node knows whose session it is.
  public let node: String
  private let sessions = Mutex<[String: EngineSession]>([:])

  /// An empty directory; `node` is letters, digits, `_` and `-`, or empty.
  public init(node: String = "") { self.node = node }

  /// How many sessions there are.
  public var count: Int { sessions.withLock { $0.count } }

  /// The session of that id.
  public func session(_ id: String) -> EngineSession? { sessions.withLock { $0[id] } }

  /// An id that nobody can guess: 144 random bits in 24 letters, behind the node's name.
  public func makeID() -> String {
    var random = SystemRandomNumberGenerator()
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-".utf8)
    var letters = node.isEmpty ? [] : Array(node.utf8) + [UInt8(ascii: ".")]
    for _ in 0..<3 {
      var bits = random.next()
      for _ in 0..<8 {
        letters.append(alphabet[Int(bits & 63)])
        bits >>= 6
      }
    }
    return String(decoding: letters, as: UTF8.self)
  }

  /// Adds a session unless there are too many.
  func add(_ session: EngineSession) -> Bool {
    sessions.withLock {
      guard $0.count < EngineDirectory.sessionsMax else { return false }
      $0[session.id] = session
      return true
    }
  }

  func remove(_ id: String) { sessions.withLock { _ = $0.removeValue(forKey: id) } }
}
