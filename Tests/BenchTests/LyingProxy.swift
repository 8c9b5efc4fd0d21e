import Foundation
import IORuntime
import TestKit
import WebSocket

/// What is done to the frames that one listener gets, by their number.
enum Lie {
  case none, drop, double, hold

  init(_ count: Int) {
    switch count % 20 {
    case 5: self = .drop
    case 10: self = .double
    case 15: self = .hold
    default: self = .none
    }
  }

  /// Sends a frame so; `held` is the one that comes after the next.
  func tell(_ frame: [UInt8], _ held: inout [UInt8]?, _ send: ([UInt8]) -> Void) {
    switch self {
    case .drop: break
    case .hold: held = frame
    case .double:
      send(frame)
      send(frame)
    case .none:
      send(frame)
      if let late = held { send(late) }
      held = nil
    }
  }
}

/// Stands before a node's sockets and tells their clients what the node has not said.
final class LyingProxy: Sendable {
  /// What it changes.
  enum Subject: String, Sendable, CaseIterable {
    /// Messages are dropped, repeated, swapped, and said to be of another conversation.
    case events
    /// Acknowledgements name another place in the log.
    case replies
  }

  let address: SocketAddress
  private let loop: EventLoop
  private let listener: Listener

  init(before node: SocketAddress, about subject: Subject) async throws {
    let loop = try EventLoop(name: "liar")
    let listener = try Listener(loop: loop, address: .ip(host: "127.0.0.1", port: 0))
    (self.loop, self.listener, address) = (loop, listener, listener.address)
    try loop.start()
    try await loop.submit {
      try listener.start { client in
        loop.connect(to: node, deadline: 10_000) { result in
          guard case .success(let server) = result else { return client.close() }
          let lying = Lying(client, subject)
          server.begin(with: lying)
          client.begin(with: Passing(server))
        }
      }
    }
  }

  deinit { loop.stop() }
}

/// A client's side: what it says goes on as it is.
private final class Passing: ConnectionHandler {
  private let other: Connection
  init(_ other: Connection) { self.other = other }
  func received(_ bytes: UnsafeRawBufferPointer) { other.send(bytes) }
  func ended(_ reason: ConnectionEnd) { other.closeAfterFlush(deadline: 1_000) }
}

/// The node's side: its frames are read, changed, and sent on.
private final class Lying: ConnectionHandler {
  private let client: Connection
  private let subject: LyingProxy.Subject
  private var head: [UInt8]? = []
  private var parser = MessageParser(role: .client)
  private var count = 0
  private var held: [UInt8]?

  init(_ client: Connection, _ subject: LyingProxy.Subject) { (self.client, self.subject) = (client, subject) }

  func received(_ bytes: UnsafeRawBufferPointer) {
    guard var head else { return read(Array(bytes)) }
    head.append(contentsOf: bytes)
    guard let end = head.firstRange(of: Array("\r\n\r\n".utf8)) else { return self.head = head }
    self.head = nil
    client.send(Array(head[..<end.upperBound]))
    read(Array(head[end.upperBound...]))
  }

  private func read(_ bytes: [UInt8]) {
    var bytes = bytes
    bytes.withUnsafeMutableBytes { bytes in
      var offset = 0
      while true {
        switch parser.next(bytes, from: &offset) {
        case .needMore: return
        case .text(let payload): payload.withBytes(in: bytes) { frame(String(decoding: $0, as: UTF8.self)) }
        case .ping(let payload): client.send(FrameWriter.frame(.ping, payload.array(in: bytes)))
        case .close(let code, _): client.send(FrameWriter.frame(.close, FrameWriter.closePayload(code)))
        default: continue
        }
      }
    }
  }

  private func frame(_ text: String) {
    let isEvent = text.contains(#""message.created""#)
    let isMeant = subject == .events ? isEvent : !isEvent && text.contains(#""seq":"#)
    guard isMeant else { return send(Array(text.utf8)) }
    count += 1
    switch subject {
    case .events where count % 20 == 0: send(Array(changed(text, #""conv":"#).utf8))
    case .events: Lie(count).tell(Array(text.utf8), &held, send)
    case .replies: send(Array((count % 10 == 0 ? changed(text, #""seq":"#) : text).utf8))
    }
  }

  /// The number behind a name is another one.
  private func changed(_ text: String, _ name: String) -> String {
    guard let place = text.firstRange(of: name) else { return text }
    let digits = text[place.upperBound...].prefix { $0.isNumber }
    return text[..<place.upperBound] + "\((Int(digits) ?? 0) + 1)" + text[digits.endIndex...]
  }

  private func send(_ frame: [UInt8]) { client.send(FrameWriter.frame(.text, frame)) }
  func ended(_ reason: ConnectionEnd) { client.closeAfterFlush(deadline: 1_000) }
}
