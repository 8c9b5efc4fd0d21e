import ChatCore
import Testing

@Suite struct ContactRulesTests {
  static let ada = Author(id: UserID(counter: 3000, bucket: Bucket(folding: 1)), username: "ada")
  static let bob = Author(id: UserID(counter: 3000, bucket: Bucket(folding: 2)), username: "bob")
  static let noon = Timestamp(milliseconds: 1_700_049_600_000)

  /// Does those things one after the other, each by the one named first.
  private func after(_ steps: [(Author, ContactChange)]) throws(ChatError) -> ContactPair {
    var pair = ContactPair(Self.ada.id, Self.bob.id)
    for (who, change) in steps {
      pair = try ContactRules.outcome(of: change, by: who.id, in: pair, counts: [:], limit: 9, at: Self.noon)
    }
    return pair
  }

  private func seen(by owner: Author, _ pair: ContactPair, at moment: Timestamp = noon) -> Contact {
    ContactRules.contact(of: owner.id, with: owner == Self.ada ? Self.bob : Self.ada, in: pair, at: moment)
  }

  /// What Ada sees and what Bob sees after what the two did.
  static let stories: [([(Author, ContactChange)], ContactState?, ContactLabel?, ContactState?, ContactLabel?)] = [
    ([(ada, .request)], .requested, .friend, .requesting, .new),
    ([(ada, .request), (bob, .accept)], .accepted, .friend, .accepted, .friend),
    ([(ada, .request), (bob, .request)], .accepted, .friend, .accepted, .friend),
    ([(ada, .request), (bob, .deny)], nil, nil, nil, nil),
    ([(ada, .request), (ada, .remove(mutual: false))], nil, nil, nil, nil),
    ([(ada, .deny)], nil, nil, nil, nil),
    ([(ada, .add(mutual: false))], .new, .new, nil, nil),
    ([(ada, .add(mutual: true))], .new, .new, .new, .new),
    ([(ada, .add(mutual: true)), (bob, .remove(mutual: false))], .new, .new, nil, nil),
    ([(ada, .add(mutual: true)), (bob, .remove(mutual: true))], nil, nil, nil, nil),
    ([(ada, .meet)], .new, .new, .new, .new),
    ([(ada, .meet), (ada, .request), (bob, .deny)], .new, .new, .new, .new),
    ([(ada, .meet), (ada, .befriend), (bob, .befriend)], .accepted, .friend, .accepted, .friend),
    ([(ada, .request), (bob, .accept), (ada, .remove(mutual: false))], nil, nil, nil, nil),
    ([(ada, .request), (bob, .accept), (bob, .reset)], .new, .new, .new, .new),
    ([(ada, .block(.blocked))], nil, .blocked, nil, nil),
    ([(ada, .meet), (ada, .block(.blocked))], .new, .blocked, .new, .new),
    ([(ada, .meet), (ada, .block(.grace))], .new, .blocked, .new, .lastWords),
    ([(ada, .meet), (ada, .block(.lastWords))], .new, .lastWords, .new, .lastWords),
    ([(ada, .meet), (ada, .block(.grace)), (ada, .unblock)], .new, .new, .new, .new),
    ([(ada, .meet), (ada, .block(.grace)), (ada, .befriend)], .requested, .friend, .requesting, .new),
    ([(ada, .meet), (ada, .timeOut(60_000))], .new, .timeout, .new, .new),
    ([(ada, .meet), (ada, .timeOut(60_000)), (ada, .reset)], .new, .new, .new, .new),
  ]

  @Test(arguments: stories.indices)
  func `each sees what he may see`(story: Int) throws {
    let (steps, adas, adaSays, bobs, bobSays) = Self.stories[story]
    let pair = try after(steps)
    #expect(seen(by: Self.ada, pair).state == adas)
    #expect(seen(by: Self.ada, pair).label == adaSays)
    #expect(seen(by: Self.bob, pair).state == bobs)
    #expect(seen(by: Self.bob, pair).label == bobSays)
    #expect((pair.lowSide.tie == .accepted) == (pair.highSide.tie == .accepted))
    for side in [pair.lowSide, pair.highSide] { #expect((side.since != nil) == (side.state != nil)) }
  }

  static let refusals: [([(Author, ContactChange)], ChatError)] = [
    ([(ada, .accept)], .notFound(.contact)), ([(ada, .request), (ada, .accept)], .notFound(.contact)),
    ([(ada, .remove(mutual: true))], .notFound(.contact)),
    ([(ada, .block(.blocked)), (bob, .request)], .forbidden(.blocked)),
    ([(ada, .block(.blocked)), (ada, .request)], .forbidden(.blocked)),
    ([(ada, .block(.blocked)), (bob, .befriend)], .forbidden(.blocked)),
    ([(ada, .block(.grace)), (bob, .add(mutual: true))], .forbidden(.blocked)),
    ([(ada, .request), (ada, .block(.blocked)), (bob, .accept)], .forbidden(.blocked)),
    ([(bob, .request), (ada, .block(.blocked)), (ada, .accept)], .forbidden(.blocked)),
  ]

  @Test(arguments: refusals.indices)
  func `what may not be is refused`(story: Int) {
    #expect(throws: Self.refusals[story].1) { try after(Self.refusals[story].0) }
  }

  @Test func `the first to add or ask is the initiator, whoever does it again`() throws {
    let asked = try after([(Self.bob, .request), (Self.ada, .accept)])
    #expect([asked[Self.ada.id].isInitiator, asked[Self.bob.id].isInitiator] == [false, true])
    let added = try after([(Self.ada, .add(mutual: true)), (Self.bob, .add(mutual: true)), (Self.bob, .request)])
    #expect([added[Self.ada.id].isInitiator, added[Self.bob.id].isInitiator] == [true, false])
    let anew = try after([(Self.ada, .request), (Self.bob, .deny), (Self.bob, .request)])
    #expect([anew[Self.ada.id].isInitiator, anew[Self.bob.id].isInitiator] == [false, true])
  }

  @Test func `a timeout ends by itself, and what was before shows again`() throws {
    let pair = try after([(Self.ada, .request), (Self.bob, .accept), (Self.ada, .timeOut(60_000))])
    let end = Self.noon.adding(milliseconds: 60_000)
    #expect(throws: ChatError.timedOut(until: end)) {
      try ContactRules.checkWriting(pair, by: Self.bob.id, at: end.adding(milliseconds: -1))
    }
    try ContactRules.checkWriting(pair, by: Self.ada.id, at: Self.noon)
    try ContactRules.checkWriting(pair, by: Self.bob.id, at: end)
    #expect(seen(by: Self.ada, pair).label == .timeout)
    #expect(seen(by: Self.ada, pair, at: end).label == .friend)
    #expect(seen(by: Self.ada, pair, at: end).timeoutUntil == nil)
  }

  @Test func `last words pass once; who blocks writes nothing`() throws {
    var pair = try after([(Self.ada, .block(.lastWords))])
    #expect(throws: ChatError.forbidden(.blocked)) {
      try ContactRules.checkWriting(pair, by: Self.ada.id, at: Self.noon)
    }
    try ContactRules.checkWriting(pair, by: Self.bob.id, at: Self.noon)
    ContactRules.noteSent(by: Self.bob.id, in: &pair, at: Self.noon)
    #expect(throws: ChatError.forbidden(.blocked)) {
      try ContactRules.checkWriting(pair, by: Self.bob.id, at: Self.noon)
    }
    #expect(seen(by: Self.ada, pair).label == .blocked)
    #expect(seen(by: Self.bob, pair).label == .lastWords)
  }

  @Test func `a streak grows once a day while both write, and a day without one of them ends it`() throws {
    var pair = ContactPair(Self.ada.id, Self.bob.id)
    var now = Self.noon
    func write(_ who: Author, hours: Int64) -> Int64? {
      now = now.adding(milliseconds: hours * 3_600_000)
      ContactRules.noteSent(by: who.id, in: &pair, at: now)
      return pair.streak
    }
    #expect(write(Self.ada, hours: 0) == nil)
    #expect(write(Self.bob, hours: 1) == 1)
    #expect(write(Self.ada, hours: 1) == 1, "the same day")
    #expect(write(Self.ada, hours: 21) == 2, "11:00, Bob wrote 22 hours before")
    #expect(write(Self.ada, hours: 3) == 0, "14:00, Bob wrote 25 hours before")
    #expect(write(Self.bob, hours: 1) == 0, "this day has counted already")
    #expect(write(Self.ada, hours: 10) == 1, "the next day")
    #expect(seen(by: Self.bob, pair, at: now).streak == 1)
    #expect(seen(by: Self.bob, pair, at: now.adding(milliseconds: 86_400_000)).streak == 0)
  }
}
