import HTTP1
import JSONText

/// Where a story is played: a dialect alone, one node, a cluster.
public protocol TranscriptStage {
  /// Answers a request.
  func request(_ method: String, _ path: String, _ headers: HeaderFields, _ body: [UInt8]) async throws
    -> (status: Int, headers: HeaderFields, body: [UInt8])
  /// Opens a socket; nil when it was refused.
  func connect(_ query: String, _ headers: HeaderFields, auth: JSONValue?) async throws -> (any TranscriptSocket)?
}

/// A socket of one who plays.
public protocol TranscriptSocket: AnyObject {
  /// Sends an event `["name",…]` or a frame `{"type":…}`.
  func send(_ value: JSONValue) async throws
  /// What came next; nil when nothing comes.
  func next() async throws -> JSONValue?
  /// Leaves.
  func close() async
}

/// Plays a story: sends what is sent, and compares what is got with what is expected.
///
/// What a socket hears is expected in its order for each event's name; between different names the order is free, since
/// they may come by different ways. What was heard and expected by nobody fails the story at its end.
public struct TranscriptPlayer {
  private let stage: any TranscriptStage
  private let ignored: Set<String>
  private var names = TranscriptNames()
  private var answers: [String: (status: Int, headers: HeaderFields, body: [UInt8])] = [:]
  private var asked: [String: (String, String, HeaderFields, [UInt8])] = [:]
  private var sockets: [String: any TranscriptSocket] = [:]
  private var sent: [String: JSONValue] = [:]
  private var refused: Set<String> = []
  private var heard: [String: [JSONValue]] = [:]

  private init(_ stage: any TranscriptStage, ignoring ignored: Set<String>) {
    self.stage = stage
    self.ignored = ignored
  }

  /// Plays a story to its end.
  ///
  /// - Parameter ignored: names of what sockets may hear besides, at any time.
  /// - Throws: ``TranscriptFailure`` at the first step that goes otherwise.
  public static func play(
    _ transcript: Transcript, on stage: any TranscriptStage, ignoring ignored: Set<String> = []
  ) async throws {
    var player = TranscriptPlayer(stage, ignoring: ignored)
    for step in transcript.steps { try await player.play(step) }
    for (who, frames) in player.heard {
      if let frame = frames.first { throw TranscriptFailure(line: 0, "\(who) also heard \(frame.text)") }
    }
    for socket in player.sockets.values { await socket.close() }
  }

  private mutating func play(_ step: Transcript.Step) async throws {
    switch step.act {
    case .request(let method, let path, let headers, let body, let form):
      try await request(step, method, path, headers, body, form)
    case .answer(let status, let headers, let body, let eventually):
      try await answer(step, status, headers, body, tries: eventually ? 300 : 1)
    case .connect(let query, let headers, let auth):
      let auth = try auth.map { text throws(TranscriptFailure) in try names.value(text, line: step.line) }
      sockets[step.who] = try await stage.connect(names.text(query), fields(headers), auth: auth)
      if sockets[step.who] == nil { refused.insert(step.who) } else { refused.remove(step.who) }
    case .connected:
      guard sockets[step.who] != nil else { throw TranscriptFailure(line: step.line, "\(step.who) was refused") }
    case .refused:
      guard refused.contains(step.who) else { throw TranscriptFailure(line: step.line, "\(step.who) was let in") }
    case .send(let text):
      let value = try names.value(text, line: step.line)
      sent[step.who] = value
      try await socket(step).send(value)
    case .hear(let pattern, eventually: false): try await hear(step, pattern)
    case .hear(let pattern, eventually: true): try await hearEventually(step, pattern)
    case .close:
      await sockets.removeValue(forKey: step.who)?.close()
    }
  }

  private func socket(_ step: Transcript.Step) throws -> any TranscriptSocket {
    guard let socket = sockets[step.who] else {
      throw TranscriptFailure(line: step.line, "\(step.who) has no socket")
    }
    return socket
  }

  private func fields(_ headers: [String]) -> HeaderFields {
    var fields: HeaderFields = [:]
    for header in headers {
      let sides = names.text(header).split(separator: ": ", maxSplits: 1)
      if sides.count == 2 { fields.append(String(sides[0]), String(sides[1])) }
    }
    return fields
  }

  private mutating func request(
    _ step: Transcript.Step, _ method: String, _ path: String, _ headers: [String], _ body: String?, _ form: Bool
  ) async throws {
    var fields = fields(headers)
    var bytes: [UInt8] = []
    if let body {
      if form {
        bytes = Array(names.text(body).utf8)
      } else if let value = try? names.value(body, line: step.line) {
        bytes = value.bytes
      } else {
        // What is no JSON is sent as it stands.
        bytes = Array(names.text(body).utf8)
      }
      if !fields.contains("Content-Type") {
        fields.append("Content-Type", form ? "application/x-www-form-urlencoded" : "application/json")
      }
    }
    let asked = (method, names.text(path), fields, bytes)
    self.asked[step.who] = asked
    answers[step.who] = try await stage.request(asked.0, asked.1, asked.2, asked.3)
  }

  private mutating func answer(
    _ step: Transcript.Step, _ status: Int, _ headers: [String], _ body: String?, tries: Int
  ) async throws {
    for turn in 1... {
      do {
        return try answer(step, status, headers, body)
      } catch  where turn < tries {
        try await Task.sleep(for: .milliseconds(50))
        guard let asked = asked[step.who] else { throw error }
        answers[step.who] = try await stage.request(asked.0, asked.1, asked.2, asked.3)
      }
    }
  }

  private mutating func answer(
    _ step: Transcript.Step, _ status: Int, _ headers: [String], _ body: String?
  ) throws {
    guard let answer = answers[step.who] else {
      throw TranscriptFailure(line: step.line, "\(step.who) has asked nothing")
    }
    let text = String(decoding: answer.body, as: UTF8.self)
    guard answer.status == status else {
      throw TranscriptFailure(line: step.line, "the answer is \(answer.status) \(text)")
    }
    for header in headers {
      let sides = header.split(separator: ": ", maxSplits: 1).map(String.init)
      guard sides.count == 2, let value = answer.headers[sides[0]], names.matches(header: sides[1], value) else {
        throw TranscriptFailure(line: step.line, "\(header) is \(answer.headers[sides.first ?? ""] ?? "missing")")
      }
    }
    guard let body else { return }
    guard let value = try? JSONValue(parsing: answer.body) else {
      guard text == names.text(body) else { throw TranscriptFailure(line: step.line, "the body is \(text)") }
      return
    }
    if let wrong = try names.mismatch(body, value, line: step.line) {
      throw TranscriptFailure(line: step.line, "\(wrong) in \(text)")
    }
  }

  private mutating func hear(_ step: Transcript.Step, _ pattern: String) async throws {
    let socket = try socket(step)
    let wanted = TranscriptPlayer.name(try names.value(pattern, line: step.line))
    var waiting = heard[step.who] ?? []
    while true {
      if let place = waiting.firstIndex(where: { TranscriptPlayer.name($0) == wanted }) {
        let frame = waiting.remove(at: place)
        heard[step.who] = waiting
        guard let wrong = try names.mismatch(pattern, frame, line: step.line) else { return }
        throw TranscriptFailure(line: step.line, "\(wrong) in \(frame.text)")
      }
      guard let frame = try await socket.next() else {
        let others = waiting.map(\.text).joined(separator: " ")
        throw TranscriptFailure(line: step.line, "\(step.who) hears nothing of it; besides: \(others)")
      }
      if TranscriptPlayer.name(frame).flatMap(\.string).map(ignored.contains) != true { waiting.append(frame) }
    }
  }

  /// Sends the same again until the answer is so; what else came meanwhile is forgotten.
  private mutating func hearEventually(_ step: Transcript.Step, _ pattern: String) async throws {
    let socket = try socket(step)
    for turn in 1... {
      guard let frame = try await socket.next() else {
        throw TranscriptFailure(line: step.line, "\(step.who) hears nothing")
      }
      guard let wrong = try names.mismatch(pattern, frame, line: step.line) else { return }
      guard turn < TranscriptPlayer.sendingsMax, let again = sent[step.who] else {
        throw TranscriptFailure(line: step.line, "\(wrong) in \(frame.text)")
      }
      try await Task.sleep(for: .milliseconds(100))
      try await socket.send(again)
    }
  }

  /// Of a frame: 15 s of them.
  private static let sendingsMax = 150

  private static func name(_ frame: JSONValue) -> JSONValue? { frame[0] ?? frame["type"] }
}
