// Garbage at the request parser: it is read or refused, the same whole and byte by byte, and within the limits.
//
// Compiled together with Sources/HTTP1 by Tests/Fuzz/run.

private let limits = RequestLimits(
  requestLineBytesMax: 64, headerBytesMax: 256, headerFieldsMax: 8, bodyBytesMax: 64, chunkLineBytesMax: 32,
  chunkExtensionBytesMax: 48, trailerBytesMax: 64)

private func drive(_ pieces: [[UInt8]]) -> ([Request], Refusal?, Bool) {
  var assembler = RequestAssembler(limits: limits)
  var requests: [Request] = []
  for piece in pieces {
    var position = 0
    feeding: while true {
      let (consumed, event) = assembler.feed(piece.span.extracting(position...))
      position += consumed
      switch event {
      case .needMore: break feeding
      case .head(let head):
        _ = head.pathSegments
        _ = try? Query(head.query)
        _ = head.headers.values(for: "accept").compactMap(MediaType.init(parsing:))
      case .request(let request):
        precondition(request.body.count <= limits.bodyBytesMax, "body over its limit")
        requests.append(request)
      case .refused(let refusal): return (requests, refusal, false)
      }
    }
    precondition(position == piece.count, "bytes left over")
  }
  return (requests, nil, assembler.isIdle)
}

/// What was accepted, written again, must be read as the same: two readers, one meaning.
private func rewrite(_ request: Request) -> [UInt8] {
  var wire = Array("\(request.method) \(request.head.target) HTTP/1.1\r\n".utf8)
  for (name, value) in request.headers where name.lowercased() != "transfer-encoding" {
    if name.lowercased() != "content-length" { wire += Array("\(name): \(value)\r\n".utf8) }
  }
  return wire + Array("Content-Length: \(request.body.count)\r\n\r\n".utf8) + request.body
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: count))
  let whole = drive([bytes])
  let single = drive(bytes.map { [$0] })
  precondition(whole == single, "whole and byte by byte differ")
  let half = bytes.count / 2
  precondition(whole == drive([Array(bytes[..<half]), Array(bytes[half...])]), "cut in two differs")
  for request in whole.0 where request.head.version == .http11 {
    let again = drive([rewrite(request)])
    guard let copy = again.0.first else {
      precondition(again.1?.status == 431, "not read again: \(String(describing: again.1))")
      continue
    }
    precondition(copy.body == request.body && copy.path == request.path, "read differently")
  }
  return 0
}
