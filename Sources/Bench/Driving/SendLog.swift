/// What a worker has said and not yet heard back of, by number.
///
/// - Limits: a ring of fixed capacity; a number whose place is still taken is refused, unless what takes it has waited
///   for ``givenUpAfter``, and then it counts as in doubt.
struct SendLog {
  enum Kind: UInt8 {
    case message
    case resume
    case other
  }

  struct Send {
    var kind = Kind.other
    var seat = 0
    /// Which of the seat's connections it went over.
    var time = 0
    var conversation = -1
    /// When it was to be sent, in nanoseconds.
    var due: Int64 = 0
    /// The lane of a closed loop, or -1.
    var lane = -1
    /// Seats of this worker that have yet to get it.
    var remaining = 0
    fileprivate var number: Int64 = 0
    fileprivate var seq: Int64 = 0
    fileprivate var isOpen = false
    /// The next message to the same conversation, or 0.
    fileprivate var next: Int64 = 0
    /// When the first delivery came, in nanoseconds, or 0.
    fileprivate var heardAt: Int64 = 0
    /// The acknowledgement named another place in the log than the delivery.
    fileprivate(set) var isDisputed = false

    init(
      kind: Kind, seat: Int, time: Int, conversation: Int = -1, due: Int64 = 0, lane: Int = -1, remaining: Int = 0
    ) {
      self.kind = kind
      self.seat = seat
      self.time = time
      self.conversation = conversation
      self.due = due
      self.lane = lane
      self.remaining = remaining
    }

    fileprivate init() {}
  }

  /// What a delivery says of the message.
  enum Outcome: Equatable {
    /// Too long ago, or not ours.
    case unknown
    /// As it was sent.
    case asSent
    /// All seats of this worker have it.
    case complete(lane: Int)
    /// It stands twice in the log.
    case twice
    /// It stands at another place than its acknowledgement has said.
    case disputed
    /// It went to another conversation.
    case elsewhere
  }

  /// Nanoseconds after which an answer is not waited for: longer than any deadline of the target.
  static let givenUpAfter: Int64 = 60_000_000_000

  private var sends: [Send]
  private let mask: Int64
  private var last: Int64 = 0
  private var lastPlaces: [Int64]
  /// The last message of each conversation.
  private var lastNumbers: [Int64]
  /// The highest acknowledged number of each conversation; of a plain target, how many this worker has sent.
  private(set) var heads: [Int64]
  /// Messages that a plain target has sent back: the nearest to an acknowledgement that it has.
  private(set) var returned: Int64 = 0
  /// Messages that waited too long for an answer.
  private(set) var inDoubt: Int64 = 0

  /// `capacity` is a power of two.
  init(capacity: Int, conversations: Int) {
    sends = [Send](repeating: Send(), count: capacity)
    mask = Int64(capacity - 1)
    heads = [Int64](repeating: 0, count: conversations)
    (lastPlaces, lastNumbers) = (heads, heads)
  }

  /// The number under which it goes.
  mutating func add(_ send: Send) -> Int64? {
    let number = last &+ 1
    let place = Int(number & mask)
    if sends[place].isOpen {
      guard send.due &- sends[place].due > Self.givenUpAfter else { return nil }
      if sends[place].kind == .message { inDoubt &+= 1 }
    }
    last = number
    sends[place] = send
    sends[place].number = number
    sends[place].isOpen = true
    if lastNumbers.indices.contains(send.conversation) {
      let before = Int(lastNumbers[send.conversation] & mask)
      if sends[before].number == lastNumbers[send.conversation] { sends[before].next = number }
      lastNumbers[send.conversation] = number
    }
    return number
  }

  /// The place of the next message among this worker's to a room.
  mutating func nextPlace(in conversation: Int) -> Int64 {
    lastPlaces[conversation] &+= 1
    heads[conversation] = lastPlaces[conversation]
    return lastPlaces[conversation]
  }

  mutating func raiseHead(of conversation: Int, to seq: Int64) {
    guard heads.indices.contains(conversation) else { return }
    heads[conversation] = max(heads[conversation], seq)
  }

  /// An answer came; nothing when nobody waits for it.
  mutating func answered(_ number: Int64, seq: Int64?, seat: Int) -> Send? {
    let place = Int(number & mask)
    guard sends[place].number == number, sends[place].isOpen, sends[place].seat == seat else { return nil }
    sends[place].isOpen = false
    if let seq {
      if sends[place].seq != 0, sends[place].seq != seq { sends[place].isDisputed = true }
      sends[place].seq = seq
    }
    return sends[place]
  }

  /// A delivery came; `conversation` is nil where the target names none.
  mutating func delivered(_ number: Int64, seq: Int64, in conversation: Int?, _ isPlain: Bool, at now: Int64) -> Outcome
  {
    let place = Int(number & mask)
    guard number > 0, sends[place].number == number, sends[place].kind == .message else { return .unknown }
    if let conversation, conversation != sends[place].conversation { return .elsewhere }
    if sends[place].seq != 0, sends[place].seq != seq {
      guard sends[place].heardAt == 0 else { return .twice }
      (sends[place].seq, sends[place].heardAt) = (seq, now)
      sends[place].remaining &-= 1
      return .disputed
    }
    sends[place].seq = seq
    sends[place].remaining &-= 1
    if sends[place].heardAt == 0 { sends[place].heardAt = now }
    if isPlain, sends[place].isOpen {
      sends[place].isOpen = false
      returned &+= 1
    }
    if sends[place].remaining == 0, sends[place].lane >= 0 { return .complete(lane: sends[place].lane) }
    return .asSent
  }

  /// Further messages that are looked at: what was overtaken by more was late by itself.
  static let overtakersMax: Int64 = 64

  /// Whether a message may stand behind the so many that were said after it in its conversation: each was said by
  /// another seat, and before anybody had heard it.
  func isUnordered(_ number: Int64, overtakenBy count: Int64) -> Bool {
    let late = sends[Int(number & mask)]
    guard number > 0, late.number == number, count <= Self.overtakersMax else { return false }
    var next = late.next
    for _ in 0..<max(0, count) {
      let each = sends[Int(next & mask)]
      guard next > 0, each.number == next, each.seat != late.seat, late.heardAt == 0 || each.due <= late.heardAt
      else { return false }
      next = each.next
    }
    return true
  }

  /// Messages without an answer, and how many of them went over connections that are there no more.
  func open(timeOf seat: (Int) -> Int?) -> (waiting: Int64, inDoubt: Int64) {
    var counts: (waiting: Int64, inDoubt: Int64) = (0, 0)
    for send in sends where send.isOpen && send.kind == .message {
      if seat(send.seat) == send.time { counts.waiting += 1 } else { counts.inDoubt += 1 }
    }
    return counts
  }
}
