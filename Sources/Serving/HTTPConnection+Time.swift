import HTTP1
import IORuntime

/// How long each part of a request may take.
extension HTTPConnection {
  private var phase: RequestClock.Phase {
    if isBusy { return poured == nil ? .answer : .stream }
    if head != nil { return .body }
    return assembler.isIdle ? .idle : .header
  }

  func watchTime() {
    guard !isClosing else { return }
    clock.enter(phase, now: server.loop.now, server.limits)
    countMoved()
    arm()
  }

  private func countMoved() { clock.moved(to: movedBytes, now: server.loop.now, pace) }

  /// Bytes that a reader has yet to take have earned him nothing. He who may not rest is asked about all of them: the
  /// kernel is given megabytes at once, and asks for more when a third of them is free, a minute later with many.
  private var movedBytes: Int {
    guard let poured else { return assembler.bodyBytes }
    return poured - (hold == nil ? connection.queuedBytes : connection.untakenBytes)
  }

  /// A body may not save up time: whoever has sent all but the last byte would hold its room for hours. Only the reader
  /// of a file, which comes in pieces, holds so little that he may rest.
  private var pace: RequestClock.Pace {
    let limits = server.limits
    guard hold != nil else {
      return RequestClock.Pace(
        bytesPerSecond: limits.bodyBytesPerSecondMin, stallMax: poured == nil ? limits.bodyMilliseconds : nil)
    }
    let isScarce = (poured == nil ? limits.largeBodies : limits.longAnswers).isScarce
    return RequestClock.Pace(
      bytesPerSecond: isScarce ? limits.longBytesPerSecondWhenScarce : limits.longBytesPerSecondMin,
      stallMax: limits.bodyMilliseconds)
  }

  /// One timer a connection: set anew only when the deadline comes nearer; one that fires too early is set again.
  func arm() {
    let deadline = clock.deadline
    guard timer == nil || deadline < timerAt else { return }
    timer?.cancel()
    timerAt = deadline
    timer = server.loop.schedule(after: deadline - server.loop.now) { [weak self] in self?.timePassed() }
  }

  private func timePassed() {
    timer = nil
    guard !isClosing, upgraded == nil else { return }
    countMoved()
    guard clock.deadline <= server.loop.now else { return arm() }
    server.counts.timedOut[clock.phase.name, default: 0] += 1
    switch clock.phase {
    case .idle: connection.queuedBytes > 0 ? connection.close() : close()
    case .header, .body: refuse(.requestTimeout)
    case .answer: refuse(.answerTimeout)
    case .stream: connection.close()
    }
  }
}
