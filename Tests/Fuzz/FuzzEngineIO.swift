// Garbage at the bodies and the session machine: read or refused; what is read is written and read again as the same.
//
// Compiled together with Sources/EngineIO by Tests/Fuzz/run. The first byte chooses the revision; the rest is a body,
// and also a list of what happens to a session.

private let limits = EngineLimits(
  pingInterval: 30, pingTimeout: 20, maxPayload: 64, upgradeTimeout: 15, closingTimeout: 10, queueBytesMax: 64,
  queuePacketsMax: 8)

private func check(body: [UInt8], _ version: EngineVersion) {
  guard let packets = try? EnginePayload.packets(of: body, version: version, packetsMax: 64) else { return }
  precondition(!packets.isEmpty && packets.count <= 64, "no packets, or too many")
  for takesBytes in [false, true] {
    let again = EnginePayload(packets, version: version, takesBytes: takesBytes)
    precondition((try? EnginePayload.packets(of: again.bytes, version: version)) == packets, "not the same again")
  }
}

/// Calls a session's doors as the bytes say, with time going on.
private func live(_ script: [UInt8], _ version: EngineVersion) {
  var session = SessionMachine(version: version, isSocket: script.first == 0, limits: limits, at: 0)
  var now: Milliseconds = 0
  var wasGone = false
  for byte in script {
    now += Milliseconds(byte >> 4)
    switch byte & 15 {
    case 0: _ = session.pollArrived(at: now)
    case 1: _ = session.postArrived(at: now)
    case 2: _ = session.received(.text([byte]), at: now)
    case 3: _ = session.received(.pong([]), at: now)
    case 4: _ = session.received(.ping([]), at: now)
    case 5: _ = session.send(.text([UInt8](repeating: byte, count: Int(byte >> 2))))
    case 6:
      if case .answer(let packets) = session.flush() { precondition(packets.count <= 16, "too many at once") }
    case 7: _ = session.timePassed(at: now)
    case 8: _ = session.probeArrived(at: now)
    case 9: _ = session.probeReceived(.ping(EnginePacket.probe))
    case 10: _ = session.probeReceived(.upgrade)
    case 11: session.probeLost()
    case 12: _ = session.received(.close, at: now)
    case 13: _ = session.close(at: now)
    case 14: _ = session.transportLost()
    default: _ = session.garbageArrived()
    }
    let (isGone, queued) = (session.isGone, session.queuedBytes)
    precondition(!wasGone || isGone, "a session that was gone lives")
    precondition(queued <= limits.queueBytesMax + 1 && (!isGone || queued == 0), "more waits than may")
    wasGone = isGone
  }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let choice = input.first else { return 0 }
  let rest = Array(input.dropFirst())
  let version: EngineVersion = choice & 1 == 0 ? .v4 : .v3
  check(body: rest, version)
  live(rest, version)
  let words = rest.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  _ = try? EngineRequest(method: "GET", asksUpgrade: choice & 2 == 0, versions: [.v3, .v4]) { name in
    name == "EIO" ? words.first : name == "transport" ? words.dropFirst().first : words.last
  }
  return 0
}
