import HTTP1

/// What a whole input came to: the requests that were read, then how it ended.
struct Outcome: Equatable {
  enum End: Equatable {
    /// All bytes are used up and nothing of a further request has come.
    case idle
    /// A request is half there.
    case unfinished
    case refused(Refusal)
  }

  var requests: [Request] = []
  var end = End.unfinished
}

/// Feeds an assembler with pieces and collects what comes out; a refusal ends it.
func drive(_ pieces: [[UInt8]], limits: RequestLimits = RequestLimits(), routeBodyBytesMax: Int? = nil) -> Outcome {
  var assembler = RequestAssembler(limits: limits)
  var outcome = Outcome()
  for piece in pieces {
    var rest = piece[...]
    feeding: while true {
      let bytes = Array(rest)
      let (consumed, event) = assembler.feed(bytes.span)
      rest = rest.dropFirst(consumed)
      switch event {
      case .needMore:
        precondition(rest.isEmpty, "needMore leaves nothing over")
        break feeding
      case .head:
        if let limit = routeBodyBytesMax { _ = assembler.limitBody(to: limit) }
      case .request(let request): outcome.requests.append(request)
      case .refused(let refusal):
        outcome.end = .refused(refusal)
        return outcome
      }
    }
  }
  outcome.end = assembler.isIdle ? .idle : .unfinished
  return outcome
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Each byte alone.
func bytewise(_ bytes: [UInt8]) -> [[UInt8]] { bytes.map { [$0] } }

/// One step of a parser; a span of an array cannot stand in an expectation itself.
func step(_ parser: inout RequestParser, _ bytes: [UInt8]) -> RequestParser.Step { parser.feed(bytes.span) }
