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
    clock.enter(phase, now: server.loop.now)
    arm()
  }

  /// One timer a connection: set anew only when the deadline comes nearer; one that fires too early is set again.
  func arm() {
    let deadline = clock.deadline(server.limits, bodyBytes: poured ?? assembler.bodyBytes)
    guard timer == nil || deadline < timerAt else { return }
    timer?.cancel()
    timerAt = deadline
    timer = server.loop.schedule(after: deadline - server.loop.now) { [weak self] in self?.timePassed() }
  }

  private func timePassed() {
    timer = nil
    guard !isClosing, upgraded == nil else { return }
    guard clock.deadline(server.limits, bodyBytes: poured ?? assembler.bodyBytes) <= server.loop.now else {
      return arm()
    }
    server.counts.timedOut[clock.phase.name, default: 0] += 1
    switch clock.phase {
    case .idle: connection.queuedBytes > 0 ? connection.close() : close()
    case .header, .body: refuse(.requestTimeout)
    case .answer: refuse(.answerTimeout)
    case .stream: connection.close()
    }
  }
}
