import ChatCore
import Testing

@testable import Realtime

@Suite struct SessionStateMachineTests {
  private let ada = SessionStateMachine.Identity(
    caller: Caller(user: UserID(rawValue: 1), session: SessionID(rawValue: 1)), expiresAt: 1_000)
  private let bob = SessionStateMachine.Identity(
    caller: Caller(user: UserID(rawValue: 2), session: SessionID(rawValue: 2)), expiresAt: 5_000)

  private func authenticated() -> SessionStateMachine {
    var machine = SessionStateMachine(authBy: 100)
    _ = machine.authRequested()
    _ = machine.tokenVerified(ada)
    return machine
  }

  @Test func `before auth nothing else is done`() {
    var machine = SessionStateMachine(authBy: 100)
    #expect(machine.commandRequested() == .refuseUnauthenticated)
    #expect(machine.resumeRequested() == .refuseUnauthenticated)
    #expect(machine.authRequested() == .verify)
  }

  @Test func `what comes while a token is being verified waits`() {
    var machine = SessionStateMachine(authBy: 100)
    _ = machine.authRequested()
    #expect(machine.commandRequested() == .hold)
    #expect(machine.resumeRequested() == .hold)
    #expect(machine.authRequested() == .hold)
  }

  @Test func `a good token opens what a caller may do`() {
    var machine = SessionStateMachine(authBy: 100)
    _ = machine.authRequested()
    #expect(machine.tokenVerified(ada) == .attach)
    #expect(machine.commandRequested() == .run(ada.caller))
  }

  @Test func `a token that nobody asked to verify opens nothing`() {
    var machine = SessionStateMachine(authBy: 100)
    #expect(machine.tokenVerified(ada) == .ignore)
    #expect(machine.commandRequested() == .refuseUnauthenticated)
  }

  @Test func `a token that could not be looked at is not held against the client, who is to come back`() {
    var machine = SessionStateMachine(authBy: 100)
    for _ in 0..<5 {
      _ = machine.authRequested()
      #expect(machine.tokenRefused(byFailure: true) == .stay)
    }
    _ = machine.authRequested()
    #expect(machine.timePassed(at: 100) == .close(.resumeLimit))
  }

  @Test func `without a good token the session ends at the deadline, not before`() {
    var machine = SessionStateMachine(authBy: 100)
    #expect(machine.timePassed(at: 99) == .nothing)
    #expect(machine.timePassed(at: 100) == .close(.notAuthenticated))
    _ = machine.authRequested()
    #expect(machine.timePassed(at: 100) == .close(.notAuthenticated))
  }

  @Test func `a refused token may be followed by another, three times in all`() {
    var machine = SessionStateMachine(authBy: 100)
    for _ in 1..<SessionStateMachine.refusalsMax {
      #expect(machine.authRequested() == .verify)
      #expect(machine.tokenRefused() == .stay)
    }
    #expect(machine.authRequested() == .verify)
    #expect(machine.tokenRefused() == .close(.notAuthenticated))
  }

  @Test func `the same user's new token renews the expiry`() {
    var machine = authenticated()
    #expect(machine.timePassed(at: 1_000) == .close(.tokenExpired))
    #expect(machine.authRequested() == .verify)
    #expect(machine.tokenVerified(.init(caller: ada.caller, expiresAt: 2_000)) == .renewed)
    #expect(machine.timePassed(at: 1_000) == .nothing)
    #expect(machine.timePassed(at: 2_000) == .close(.tokenExpired))
  }

  @Test func `another user's token is refused and changes nothing`() {
    var machine = authenticated()
    #expect(machine.tokenVerified(bob) == .refuseOtherUser)
    #expect(machine.commandRequested() == .run(ada.caller))
    #expect(machine.deadline == 1_000)
  }

  @Test func `a bad token of one who is signed in changes nothing`() {
    var machine = authenticated()
    #expect(machine.tokenRefused() == .stay)
    #expect(machine.commandRequested() == .run(ada.caller))
  }

  @Test func `a session resumes once`() {
    var machine = authenticated()
    #expect(machine.resumeRequested() == .run(ada.caller))
    #expect(machine.resumeRequested() == .refuseRepeated)
    machine.resumeEnded(succeeded: true)
    #expect(machine.resumeRequested() == .refuseRepeated)
  }

  @Test func `a resume that failed may be asked for again`() {
    var machine = authenticated()
    _ = machine.resumeRequested()
    machine.resumeEnded(succeeded: false)
    #expect(machine.resumeRequested() == .run(ada.caller))
  }

  @Test func `a token may be renewed while resuming and while live`() {
    var machine = authenticated()
    let renewal = SessionStateMachine.Identity(caller: ada.caller, expiresAt: 9_000)
    _ = machine.resumeRequested()
    #expect(machine.authRequested() == .verify)
    #expect(machine.tokenVerified(renewal) == .renewed)
    machine.resumeEnded(succeeded: true)
    #expect(machine.authRequested() == .verify)
    #expect(machine.tokenVerified(renewal) == .renewed)
    #expect(machine.resumeRequested() == .refuseRepeated)
  }

  @Test func `a session ends once, and then hears nothing`() {
    var machine = authenticated()
    #expect(machine.end() == true)
    #expect(machine.end() == false)
    #expect(machine.hasEnded == true)
    #expect(machine.commandRequested() == .ignore)
    #expect(machine.resumeRequested() == .ignore)
    #expect(machine.authRequested() == .ignore)
    #expect(machine.tokenVerified(ada) == .ignore)
    #expect(machine.tokenRefused() == .ignore)
    #expect(machine.timePassed(at: .max) == .nothing)
  }
}
