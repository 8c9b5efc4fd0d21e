import ChatCore
import JSONText

/// One row of the native socket: what a client may ask, in which shape, and what then happens.
///
/// - Shape: `{"id":"7","op":"<name>","d":{…}}`, answered by exactly one `{"re":"7","ok":true,"d":{…}}` or
///   `{"re":"7","error":{…}}`.
public final class Operation: Sendable {
  /// Under which buckets a request is counted; the same as REST's.
  public enum Rate: String, Sendable, CaseIterable {
    /// Not limited.
    case none
    /// Sending messages.
    case send
    /// Other changes.
    case write
  }

  /// Writes the `d` of the reply.
  typealias Reply = @Sendable (inout JSONWriter) -> Void
  /// Makes the command of what was asked, runs it, and says how its reply is written.
  typealias Handler = @Sendable (Members, Chat, Caller) async throws(ChatError) -> Reply

  /// Makes the command of a send.
  typealias Sending = @Sendable (Members) throws(ChatError) -> SendMessage

  enum Act: Sendable {
    case auth
    case resume
    case send(Sending)
    case watch
    case unwatch
    case command(Handler)
  }

  /// The name, as in `op`; also the metrics' label.
  public let name: String
  /// The sentence that documents it.
  public let summary: String
  /// Under which buckets it is counted.
  public let rate: Rate
  /// What `d` must be.
  public let shape: Shape
  /// What the `d` of its answer is.
  let answer: DataShape
  let act: Act

  init(_ name: String, _ summary: String, rate: Rate = .none, shape: Shape, answer: DataShape, _ act: Act) {
    self.name = name
    self.summary = summary
    self.rate = rate
    self.shape = shape
    self.answer = answer
    self.act = act
  }

  convenience init(
    _ name: String, _ summary: String, rate: Rate = .none, shape: Shape, answer: DataShape, command: @escaping Handler
  ) {
    self.init(name, summary, rate: rate, shape: shape, answer: answer, .command(command))
  }
}
