import ChatCore

extension AdapterContract {
  private static let nonce = [UInt8](0..<32)

  static let sessions: [ContractCase] = [
    ContractCase("an opened session is listed, newest first, and its refresh state is known") { stores in
      let ada = try await Cast.gather(in: stores).ada
      let first = try await stores.sessions.open(user: ada.id, device: "phone", nonce: nonce, most: 100)
      let second = try await stores.sessions.open(user: ada.id, device: nil, nonce: nonce, most: 100)
      try expect(first.id.bucket, is: ada.id.bucket, "the session's bucket is the user's")
      try expect(try await stores.sessions.sessions(of: ada.id).map(\.id), is: [second.id, first.id], "the list")
      let state = try required(await stores.sessions.refreshState(first.id), "the state")
      try expect(state.session.device, is: "phone", "the device")
      try expect(state.session.user, is: ada.id, "the user")
      try expect(state.nonce, is: nonce, "the nonce")
      try expect(state.generation, is: 1, "the first generation")
    },
    ContractCase("past the most sessions the oldest ends") { stores in
      let ada = try await Cast.gather(in: stores).ada
      var opened: [SessionID] = []
      for _ in 1...3 {
        opened.append(try await stores.sessions.open(user: ada.id, device: nil, nonce: nonce, most: 2).id)
      }
      let alive = try await stores.sessions.sessions(of: ada.id).map(\.id)
      try expect(alive, is: [opened[2], opened[1]], "those that live")
      try expect(try await stores.sessions.ended(among: opened), is: [opened[0]], "the one that ended")
    },
    ContractCase("a refresh moves to the next generation") { stores in
      let session = try await newSession(in: stores)
      let first = try await stores.sessions.rotate(session, from: 1, grace: 60_000)
      try expect(first, is: .rotated(generation: 2), "the first move")
      let second = try await stores.sessions.rotate(session, from: 2, grace: 60_000)
      try expect(second, is: .rotated(generation: 3), "the second move")
      try expect(try await stores.sessions.refreshState(session)?.generation, is: 3, "what is remembered")
    },
    ContractCase("a repeat of the last move within the grace gets the same generation") { stores in
      let session = try await newSession(in: stores)
      _ = try await stores.sessions.rotate(session, from: 1, grace: 60_000)
      let again = try await stores.sessions.rotate(session, from: 1, grace: 60_000)
      try expect(again, is: .rotated(generation: 2), "the repeat")
      try expect(try await stores.sessions.ended(among: [session]), is: [], "it lives")
    },
    ContractCase("a repeat after the grace ends the session") { stores in
      let session = try await newSession(in: stores)
      _ = try await stores.sessions.rotate(session, from: 1, grace: 60_000)
      try expect(try await stores.sessions.rotate(session, from: 1, grace: -1), is: .reused, "the late repeat")
      try expect(try await stores.sessions.refreshState(session), is: nil, "no refresh any more")
      try expect(try await stores.sessions.rotate(session, from: 2, grace: 60_000), is: .ended, "the thief's turn")
    },
    ContractCase("a generation before the last ends the session even within the grace") { stores in
      let session = try await newSession(in: stores)
      _ = try await stores.sessions.rotate(session, from: 1, grace: 60_000)
      _ = try await stores.sessions.rotate(session, from: 2, grace: 60_000)
      try expect(try await stores.sessions.rotate(session, from: 1, grace: 60_000), is: .reused, "generation 1")
      try expect(try await stores.sessions.ended(among: [session]), is: [session], "it ended")
    },
    ContractCase("a session is ended once, by its own user only") { stores in
      let cast = try await Cast.gather(in: stores)
      let session = try await stores.sessions.open(user: cast.ada.id, device: nil, nonce: nonce, most: 100).id
      try expect(try await stores.sessions.end(session, of: cast.eve.id), is: false, "a stranger")
      try expect(try await stores.sessions.end(session, of: cast.ada.id), is: true, "the user")
      try expect(try await stores.sessions.end(session, of: cast.ada.id), is: false, "a second time")
      try expect(try await stores.sessions.rotate(session, from: 1, grace: 60_000), is: .ended, "a refresh")
      try expect(try await stores.sessions.sessions(of: cast.ada.id), is: [], "the list")
    },
    ContractCase("all sessions of a user end, and nobody else's") { stores in
      let cast = try await Cast.gather(in: stores)
      var opened: Set<SessionID> = []
      for _ in 1...3 {
        opened.insert(try await stores.sessions.open(user: cast.ada.id, device: nil, nonce: nonce, most: 100).id)
      }
      let other = try await stores.sessions.open(user: cast.bob.id, device: nil, nonce: nonce, most: 100).id
      try expect(Set(try await stores.sessions.endAll(of: cast.ada.id)), is: opened, "those that ended")
      try expect(try await stores.sessions.endAll(of: cast.ada.id), is: [], "a second time")
      let ended = try await stores.sessions.ended(among: Array(opened) + [other])
      try expect(Set(ended), is: opened, "the poll")
    },
    ContractCase("a session that never was counts as ended") { stores in
      let unknown = SessionID(counter: 2_000_000_000_000, bucket: Bucket(folding: 7))
      try expect(try await stores.sessions.refreshState(unknown), is: nil, "its state")
      try expect(try await stores.sessions.rotate(unknown, from: 1, grace: 0), is: .ended, "its rotation")
      try expect(try await stores.sessions.ended(among: [unknown]), is: [unknown], "the poll")
    },
  ]

  private static func newSession(in stores: StoresUnderTest) async throws -> SessionID {
    let ada = try await Cast.gather(in: stores).ada
    return try await stores.sessions.open(user: ada.id, device: nil, nonce: nonce, most: 100).id
  }
}
