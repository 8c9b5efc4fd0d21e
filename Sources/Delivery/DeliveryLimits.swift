import ChatCore

/// What bounds delivery on one loop, each with its unit and reason.
public struct DeliveryLimits: Sendable, Hashable {
  /// How long an entry that came too early is held before the hole is read: two nodes may publish in swapped order.
  public var holdFor: Milliseconds = 75
  /// Entries held in one room; past it the farthest go, since the log has them anyway. What the fastest conversation
  /// is told in ``holdFor``: of three nodes that store it in turns, each publishes up to 256 at once, and what comes
  /// before an earlier node's would else be read from the log by each loop that follows. 0.6 MB of texts of 58 bytes.
  public var heldEntriesMax = 2_048
  /// Bytes of memory for these in all rooms of a loop: a hundred such conversations at once, and no more when thousands
  /// wait for a slow log. Past it they are not held either, and the next comparison of heads finds the hole.
  public var heldBytesMax = 64 << 20
  /// Entries of one read of a log: 32 of the longest texts stay below ``sendQueueBytesMax``.
  public var pageEntries = 32
  /// Bytes that one page may put into live sessions' queues in one go; the rest is read again when they have been
  /// flushed, or after ``slowReaderGrace`` when somebody's are not.
  public var burstBytesMax = 256 * 1024
  /// Reads of logs under way at once on a loop, so that repairs never take the whole pool from the sends.
  public var readsAtOnceMax = 8
  /// The first wait after a read that failed; doubles.
  public var retryFirst: Milliseconds = 100
  /// The longest wait after reads that failed: a database that is back is used within this.
  public var retryMost: Milliseconds = 2_000
  /// How often heads are compared with the log: what bounds the delay of a last message whose notification was lost.
  public var headCheckEvery: Milliseconds = 1_000
  /// The same while the broker is interrupted, when the log is all there is.
  public var headCheckInterruptedEvery: Milliseconds = 500
  /// How long rooms that must be compared gather before one statement asks for them.
  public var suspectsGather: Milliseconds = 5
  /// Conversations in one statement of heads.
  public var headsPerStatement = 1_000
  /// Entries by which a room goes back further than a log that has lost its end: those that it has given the lost
  /// numbers to since are told. What a conversation of a hundred a second is told between two comparisons, four pages.
  public var lostEndReread: Int64 = 128
  /// How long a room without sessions is still followed: a client that reconnects finds it warm.
  public var lingerFor: Milliseconds = 10_000
  /// Bytes that may wait for one session; past it, it is a slow reader and is closed, never waited for.
  public var sendQueueBytesMax = 1 << 20
  /// How long a session may be over that: what gathers in one turn of the loop leaves at its end, but for a crowd that
  /// is told over many turns, 200 ms of them when it is vast and more when the loop has much to do.
  public var slowReaderGrace: Milliseconds = 500
  /// How many times that limit ends a session at once, so that no burst takes all memory.
  public var sendQueueBurst = 4
  /// Bytes waiting for a session above which its catching up pauses: a quarter of the limit, the rest is for live
  /// entries.
  public var catchUpBytesMax = 256 * 1024
  /// How often paused sessions are looked at.
  public var drainPoll: Milliseconds = 20
  /// How long a session that catches up may take nothing before it is a slow reader.
  public var catchUpStallMax: Milliseconds = 30_000
  /// Resumes that read the user's heads at once on a loop.
  public var resumesAtOnceMax = 32
  /// Resumes that may wait for that; past it a client is told to come back.
  public var resumesWaitingMax = 10_000
  /// Sessions that ask at once on a loop for the heads of conversations that were away when they resumed: a machine
  /// that has just come back is not asked by everybody in one moment.
  public var lateAtOnceMax = 8
  /// Conversations that one resume joins in one turn of the loop.
  public var joinsPerTurn = 256
  /// Entries of one conversation that a resume sends; the domain's ``ChatCore/Limits/resumeEntriesMax``.
  public var resumeEntriesMax: Int64
  /// Users whom one session watches: the contacts of a busy person, and what 10,000 sessions of a loop can hold.
  public var watchedMax = 1_000
  /// Pairs of users in one question whether one still may watch the other: a statement of contacts stays short.
  public var rightsPerQuestion = 256
  /// Such questions under way at once on a loop, so that they never take the whole pool from the sends.
  public var rightsAtOnceMax = 4
  /// Users of whom it is asked with each ``headCheckEvery`` when they may have missed that a right has ended: five
  /// statements each at most, some forty a second and loop, and 10,000 users in twenty minutes.
  public var rightsAskedPerCheck = 8
  /// Sessions of a loop in one room up to which they are no crowd: foreign wires' coming and going is told there. As
  /// the domain's ``ChatCore/Limits/signalMembersMax``.
  public var crowdAbove: Int
  /// Sessions of a loop up to which what they are told leaves before what rooms of more are: these stand in one line,
  /// in the order in which they were told, so that under lasting load busy rooms take turns. A tenth of a
  /// millisecond's worth.
  public var toldFirstMax = 16
  /// Sessions up to which a room is told an entry in the turn that brought it: a millisecond's worth, and what comes in
  /// one turn leaves in one write. As many as the loop tells without rests.
  public var toldAtOnceMax = 1_024
  /// Sessions of a larger room that are told an entry in one turn of the loop: a third of a millisecond's worth.
  public var toldPerTurn = 256
  /// How long a room rests between two such turns while it has no other entry to tell: three times what one takes, and
  /// still many times as fast as a crowd's messages leave.
  public var tellingRest: Milliseconds = 1
  /// Entries of a room that not all its sessions have been told; past it the oldest is told at once: a page of the log,
  /// and as many that come meanwhile.
  public var tellingsMax = 64
  /// How often the store is asked whether sign-in sessions have ended, in case the signal was lost.
  public var signOutCheckEvery: Milliseconds = 30_000

  /// The defaults, with what clients rely on taken from the limits of all nodes.
  public init(_ shared: Limits = Limits()) {
    resumeEntriesMax = Int64(shared.resumeEntriesMax)
    crowdAbove = shared.signalMembersMax
  }
}
