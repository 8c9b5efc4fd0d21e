import HTTP1
import IORuntime

/// Bodies that are too long to be taken or held without asking: room is taken for large requests and for long answers,
/// and those are sent a piece at a time.
extension HTTPConnection {
  /// Bytes of an answer that are handed over at once: 64 KiB, a quarter of what makes a connection congested.
  private static let pieceBytes = 64 * 1024

  func prepareBody(_ head: RequestHead) throws(Refusal) {
    let usual = server.limits.request.bodyBytesMax
    let allowance = try server.handler.bodyAllowance(for: head)
    let limit = allowance?.bytesMax ?? usual
    if let refusal = assembler.limitBody(to: limit) { throw refusal }
    let wanted = if case .fixed(let length) = head.bodyLength { length } else { limit }
    guard wanted > usual else { return }
    let account = allowance?.account.map { [BodyRoom.Holder.account($0)] } ?? []
    let hold = server.limits.largeBodies.hold(for: account + holders(at: request(head, []).peer))
    try hold.resize(to: wanted)
    self.hold = hold
  }

  private func holders(at address: String) -> [BodyRoom.Holder] {
    guard server.limits.sharesRoom, let block = server.proxies.block(of: address) else { return [] }
    return [.address(block)]
  }

  /// Takes room for a long answer, or what it has taken by itself, until it is read.
  func prepareAnswer(_ response: inout Response, to request: Request) throws(Refusal) {
    let length = response.body.count
    defer { response.hold = nil }
    guard response.stream == nil, length > server.limits.answerBytesUsual,
      response.sendsBody(answering: request.method)
    else { return }
    if let own = response.hold {
      // It was let in when it began; refused now, the work for it would be done again.
      try? own.resize(to: length)
      hold = own
    } else {
      let room = server.limits.longAnswers.hold(for: holders(at: request.peer))
      try room.resize(to: length)
      hold = room
    }
    response.stream = BodyStream(of: response.body, pieceBytes: HTTPConnection.pieceBytes)
    response.body = []
  }

  /// Sends a long answer a piece at a time, the next one when the client has taken the last.
  func pour(_ stream: BodyStream, _ keepAlive: Bool) async {
    var left = stream.length
    while left > 0, !isClosing, let piece = await stream.next(), !piece.isEmpty, piece.count <= left, !isClosing {
      connection.send(piece)
      left -= piece.count
      poured = stream.length - left
      if connection.isCongested { await withCheckedContinuation { whenDrained = $0 } }
      watchTime()
    }
    hold = nil
    guard !isClosing else { return }
    // Cut off, the client sees that something is missing.
    guard left == 0 else { return connection.close() }
    poured = nil
    answered(keepAlive && !server.isDraining)
  }
}
