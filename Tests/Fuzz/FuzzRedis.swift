// Garbage as what a Redis says: replies, and who has which slots. Read or refused, the same whole and byte by byte;
// what is read is written as a command and read again as the same.
//
// Compiled together with the readers of Sources/Redis by Tests/Fuzz/run.

private let limits = {
  var limits = ReplyLimits()
  limits.bytesMax = 512
  limits.elementsMax = 16
  return limits
}()

private func read(_ pieces: [[UInt8]], _ limits: ReplyLimits = limits) -> (replies: [RedisReply], isRefused: Bool) {
  guard let reader = ReplyReader(limits: limits) else { fatalError("no memory") }
  var replies: [RedisReply] = []
  for piece in pieces {
    do {
      try piece.withUnsafeBytes { try reader.feed($0) { replies.append($0) } }
    } catch {
      return (replies, true)
    }
  }
  return (replies, false)
}

private func bulks(_ reply: RedisReply) -> [[UInt8]] {
  switch reply {
  case .bulk(let bytes): [bytes]
  case .array(let elements): elements.flatMap(bulks)
  default: []
  }
}

/// Arguments of a command are an array of bulks, which any Redis would read as they were.
private func writeAgain(_ reply: RedisReply) {
  var command = RedisCommand("SET")
  let arguments = bulks(reply)
  for argument in arguments { command.append(argument) }
  var wire: [UInt8] = []
  precondition(command.format(into: &wire), "no command of \(arguments.count) arguments")
  let elements = [.bulk(Array("SET".utf8))] + arguments.map(RedisReply.bulk)
  precondition(read([wire], ReplyLimits()).replies == [.array(elements)], "not the same again")
}

private func readMap(_ reply: RedisReply) {
  let speaker = RedisAddress(host: "10.0.0.1", port: 6_379)
  guard let map = try? ClusterMap(reply, heardFrom: speaker) else { return }
  precondition(map.masters.count == map.replicas.count, "a master without a place")
  precondition(map.slotsCovered <= Int(HashSlot.count), "more slots than there are")
  for number in stride(from: Int64(0), to: Int64(HashSlot.count), by: 97) {
    guard let slot = HashSlot(number: number) else { preconditionFailure("no slot \(number)") }
    _ = map.master(of: slot)
  }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  let whole = read([bytes])
  let single = read(bytes.map { [$0] })
  // What is refused for its length may be heard in part before.
  if !whole.isRefused, !single.isRefused {
    precondition(whole.replies == single.replies, "whole and byte by byte differ")
  }
  precondition(single.replies.starts(with: whole.replies), "byte by byte something is lost")
  for reply in whole.replies {
    writeAgain(reply)
    readMap(reply)
  }
  return 0
}
