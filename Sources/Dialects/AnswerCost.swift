/// What one answer has cost so far: the pages that were read for it.
///
/// - Isolation: the task that answers.
final class AnswerCost: @unchecked Sendable {
  /// Pages that were counted besides the first.
  var furtherPages = 0
}
