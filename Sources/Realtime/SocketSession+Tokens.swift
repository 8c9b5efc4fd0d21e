import ChatCore
import Delivery
import EntryText
import JSONText

/// The two operations that are the session's own: saying who speaks, and taking up where the client was.
extension SocketSession {
  // MARK: Tokens

  func auth(_ request: Request) {
    switch machine.authRequested() {
    case .verify:
      admit(request)
      verify(request.asked.string("token") ?? "", for: request)
    case .hold:
      admit(request)
      held.append(request)
    case .ignore: break
    }
  }

  /// - Parameter request: nil for the token of the Authorization header, which nobody waits to hear of.
  func verify(_ token: String, for request: Request?) {
    door.ports.spawn { [self] in
      do throws(ChatError) {
        let verified = try await door.verifier.verify(token)
        let user = try await ShowMe().run(in: door.chat, as: verified.caller)
        tokenVerified(verified, user, request)
      } catch {
        tokenRefused(error, request)
      }
      goOnWithHeld()
    }
  }

  private func tokenVerified(_ verified: VerifiedToken, _ user: User, _ request: Request?) {
    let left = verified.expiresAt.milliseconds - door.chat.clock.now.milliseconds
    let expiresAt = door.ports.now + min(max(0, left), 1 << 40)
    switch machine.tokenVerified(.init(caller: verified.caller, expiresAt: expiresAt)) {
    case .attach:
      self.user = user.id
      seat = door.hub.attach(
        self, user: user.id, signIn: verified.caller.session, ownConversation: user.ownConversation, format: .native)
    case .renewed:
      if let seat { door.hub.renew(seat, signIn: verified.caller.session) }
    case .refuseOtherUser:
      if let request { refuse(request.id, request.operation.name, .otherUser) }
      return
    case .ignore: return
    }
    arm()
    guard let request else { return }
    answer(request) { [id] writer in
      writer.object { writer in
        writer.key("user")
        EntryText.write(own: user, to: &writer)
        writer.member("session", id)
      }
    }
  }

  private func tokenRefused(_ error: ChatError, _ request: Request?) {
    let action = machine.tokenRefused(byFailure: CloseCode(refusing: error).advice == .resume)
    guard let request else { return close(CloseCode(refusing: error), retryAfter: error.retryAfter) }
    refuse(request.id, request.operation.name, Problem(error), fault: error.fault)
    if case .close(let code) = action { close(code) }
  }

  /// What came while a token was being verified; the first of them may be another token.
  private func goOnWithHeld() {
    let waiting = held
    held = []
    for request in waiting {
      inFlight.remove(request.id)
      begin(request)
    }
  }

  // MARK: Resume

  func resume(_ request: Request) {
    guard let seat else { return }
    door.hub.resume(seat, heads: request.asked.heads) { [weak self] in self?.resumed(request, $0) }
  }

  private func resumed(_ request: Request, _ outcome: ResumeOutcome) {
    switch outcome {
    case .resumed(let heads, let behind):
      machine.resumeEnded(succeeded: true)
      answer(request) { ServerFrame.writeResumed(heads, behind, to: &$0) }
    case .invalidHead(let conversation, let head):
      machine.resumeEnded(succeeded: false)
      refuse(request.id, request.operation.name, .invalidHead(conversation, head))
    case .failed(let error):
      machine.resumeEnded(succeeded: false)
      refuse(request.id, request.operation.name, Problem(error), fault: error.fault)
    case .busy(let retryAfter):
      close(.resumeLimit, retryAfter: retryAfter)
    }
  }
}
