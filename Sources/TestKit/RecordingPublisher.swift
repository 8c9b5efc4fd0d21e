import ChatCore
import Synchronization

/// A publisher that remembers what it was given, for tests.
///
/// - Isolation: thread-safe.
public final class RecordingPublisher: Publisher {
  private let record = Mutex<(entries: [Entry], signals: [Signal])>(([], []))

  /// Nothing was published yet.
  public init() {}

  /// All entries, in order.
  public var entries: [Entry] { record.withLock { $0.entries } }

  /// All signals, in order.
  public var signals: [Signal] { record.withLock { $0.signals } }

  /// Remembers them.
  public func publish(_ entries: [Entry]) { record.withLock { $0.entries += entries } }

  /// Remembers it.
  public func announce(_ signal: Signal) { record.withLock { $0.signals.append(signal) } }
}
