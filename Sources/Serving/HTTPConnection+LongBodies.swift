import HTTP1
import IORuntime

/// Bodies that are too long to be taken or held without asking: room is taken for large requests, and long answers are
/// sent a piece at a time.
extension HTTPConnection {
  func prepareBody(_ head: RequestHead) throws(Refusal) {
    let usual = server.limits.request.bodyBytesMax
    let limit = try server.handler.bodyBytesMax(for: head) ?? usual
    if let refusal = assembler.limitBody(to: limit) { throw refusal }
    let wanted = if case .fixed(let length) = head.bodyLength { length } else { limit }
    guard wanted > usual else { return }
    guard server.limits.largeBodies.take(wanted) else { throw .noRoomForBody }
    roomTaken = wanted
  }

  func giveRoomBack() {
    server.limits.largeBodies.give(roomTaken)
    roomTaken = 0
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
    guard !isClosing else { return }
    // Cut off, the client sees that something is missing.
    guard left == 0 else { return connection.close() }
    poured = nil
    answered(keepAlive && !server.isDraining)
  }
}
