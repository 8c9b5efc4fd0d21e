import ChatCore
import Delivery
import EntryText
import JSONText

/// The two operations that are the session's own: saying who speaks, and taking up where the client was.
extension SocketSession {
  // MARK: Tokens

  /// Who waits for what is said of a token.
  enum Asker: Sendable {
    /// The client who asked by `auth`.
    case request(Request)
    /// Nobody: it came in the Authorization header.
    case header
    /// The client who wants to come in.
    case entrance(Ticket, @Sendable (Entrance) -> Void)
  }

  func auth(_ request: Request) {
    switch machine.authRequested() {
    case .verify:
      admit(request)
      verify(request.asked.string("token") ?? "", for: .request(request))
    case .hold:
      admit(request)
      held.append(request)
    case .ignore: break
    }
  }

  func verify(_ token: String, for asker: Asker) {
    door.ports.spawn { [self] in
      do throws(ChatError) {
        let verified = try await door.verifier.verify(token)
        let user = try await ShowMe().run(in: door.chat, as: verified.caller)
        if case .entrance(let ticket, _) = asker { await takeUp(ticket, as: user.id) }
        tokenVerified(verified, user, asker)
      } catch {
        tokenRefused(error, asker)
      }
      goOnWithHeld()
    }
  }

  private func tokenVerified(_ verified: VerifiedToken, _ user: User, _ asker: Asker) {
    let left = verified.expiresAt.milliseconds - door.chat.clock.now.milliseconds
    let expiresAt = door.ports.now + min(max(0, left), 1 << 40)
    switch machine.tokenVerified(.init(caller: verified.caller, expiresAt: expiresAt)) {
    case .attach:
      self.user = user.id
      seat = door.hub.attach(
        self, user: user.id, signIn: verified.caller.session, ownConversation: user.ownConversation,
        format: wire.format)
    case .renewed:
      if let seat { door.hub.renew(seat, signIn: verified.caller.session) }
    case .refuseOtherUser:
      if case .request(let request) = asker { refuse(request.id, request.operation.name, .otherUser) }
      return
    case .ignore: return
    }
    arm()
    switch asker {
    case .header: break
    case .entrance(_, let entered): admitted(entered)
    case .request(let request):
      answer(request) { [id] writer in
        writer.object { writer in
          writer.key("user")
          EntryText.write(own: user, to: &writer)
          writer.member("session", id.description)
        }
      }
    }
  }

  private func tokenRefused(_ error: ChatError, _ asker: Asker) {
    let action = machine.tokenRefused(byFailure: CloseCode(refusing: error).advice == .resume)
    let code = CloseCode(refusing: error)
    switch asker {
    case .entrance(_, let entered) where code.advice != .resume: turnAway(error, entered)
    case .header, .entrance: close(code, retryAfter: error.retryAfter)
    case .request(let request):
      refuse(request.id, request.operation.name, Problem(error), fault: error.fault)
      if case .close(let code) = action { close(code) }
    }
  }

  /// What came while a token was being verified; the first of them may be another token.
  private func goOnWithHeld() {
    let waiting = held
    held = []
    for request in waiting {
      leave(request.id)
      begin(request)
    }
  }

  // MARK: Resume

  func resume(_ request: Request) {
    guard let seat else { return }
    door.hub.resume(seat, heads: request.asked.heads) { [self] in resumed(request, $0) }
  }

  private func resumed(_ request: Request, _ outcome: ResumeOutcome) {
    switch outcome {
    case .resumed(let heads, let behind, let unavailable):
      machine.resumeEnded(succeeded: true)
      // What he is told of a gap may never reach him, and a trail has no gaps: he would not be told again.
      if behind.isEmpty, unavailable.isEmpty { recovery?.trail.resumed(heads) } else { recovery = nil }
      answer(request) { ServerFrame.writeResumed(heads, behind, unavailable, to: &$0) }
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
