// Garbage as what a server answers: replies are read or refused, the same whole and byte by byte.
//
// Compiled together with the reader of Sources/Client and the module HTTP1 by Tests/Fuzz/run. The first byte of the
// input says whether replies have bodies.

import HTTP1

private func read(_ pieces: [[UInt8]], expectsNoBody: Bool) -> (replies: [Reply], hasFailed: Bool, rest: [UInt8]) {
  var reader = ReplyReader()
  reader.expectsNoBody = expectsNoBody
  var replies: [Reply] = []
  for piece in pieces {
    piece.withUnsafeBytes { reader.append($0) }
    reading: while true {
      switch reader.next() {
      case .needMore: break reading
      case .failed: return (replies, true, [])
      case .reply(let reply): replies.append(reply)
      }
    }
  }
  return (replies, false, reader.takeRest())
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let choice = input.first else { return 0 }
  let bytes = Array(input.dropFirst())
  let whole = read([bytes], expectsNoBody: choice & 1 == 0)
  let single = read(bytes.map { [$0] }, expectsNoBody: choice & 1 == 0)
  precondition(whole == single, "whole and byte by byte differ")
  for reply in whole.replies {
    precondition(reply.body.count <= bytes.count && (choice & 1 == 1 || reply.body.isEmpty), "a body from nowhere")
    _ = reply.keepsAlive
  }
  return 0
}
