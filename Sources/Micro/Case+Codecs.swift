import ChatCore
import EngineIO
import EntryText
import HTTP1
import JSONText
import SocketIO
import WebSocket

/// Bytes in, values out, and back.
extension Case {
  static var frames: [Case] {
    [
      Case(name: "websocket-parse", unit: "a masked text frame of 200 bytes is read") {
        var masked: [UInt8] = []
        FrameWriter.appendMasked(.text, Array(Fed.request.utf8), key: 0x1234_5678, to: &masked)
        var bytes = masked
        var parser = MessageParser(role: .server)
        return { count in
          for _ in 0..<count {
            // Unmasking writes over what was read.
            for place in masked.indices { bytes[place] = masked[place] }
            bytes.withUnsafeMutableBytes { input in
              var offset = 0
              if case .text(let payload) = parser.next(input, from: &offset) {
                payload.withBytes(in: input) { keep($0.count) }
              }
            }
          }
        }
      },
      Case(name: "websocket-write", unit: "a text frame of 200 bytes is written into a buffer") {
        let payload = Array(Fed.request.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(1_024)
        return { count in
          for _ in 0..<count {
            out.removeAll(keepingCapacity: true)
            FrameWriter.append(.text, payload, to: &out)
          }
          keep(out.count)
        }
      },
      Case(name: "websocket-mask", unit: "the same by a client, masked") {
        let payload = Array(Fed.request.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(1_024)
        return { count in
          for number in 0..<count {
            out.removeAll(keepingCapacity: true)
            FrameWriter.appendMasked(.text, payload, key: UInt32(truncatingIfNeeded: number), to: &out)
          }
          keep(out.count)
        }
      },
      Case(name: "http-head", unit: "a request with seven header fields is read") {
        let head = Array(Fed.head.utf8)
        return { count in
          var parser = RequestParser()
          for _ in 0..<count {
            var place = 0
            while place < head.count {
              let step = parser.feed(head.span.extracting(place...))
              place += max(step.consumed, 1)
              keep(step.event)
            }
          }
        }
      },
    ]
  }

  static var packets: [Case] {
    [
      Case(name: "engineio-decode", unit: "a message packet is read") {
        let bytes = Array(("4" + Fed.event).utf8)
        return { count in for _ in 0..<count { keep(try? EnginePacket(text: bytes)) } }
      },
      Case(name: "engineio-payload", unit: "eight packets of long polling are read") {
        let packets = [EnginePacket](repeating: .text(Array(Fed.event.utf8)), count: 8)
        let body = EnginePayload(packets, version: .v4).bytes
        return { count in for _ in 0..<count { keep(try? EnginePayload.packets(of: body, version: .v4)) } }
      },
      Case(name: "socketio-decode", unit: "an event with an acknowledgement's number is read") {
        let bytes = Array(Fed.event.utf8)
        return { count in
          var decoder = SocketDecoder()
          for _ in 0..<count { keep(try? decoder.take(text: bytes)) }
        }
      },
      Case(name: "socketio-encode", unit: "an event is written") {
        let body = Array(Fed.body.utf8)
        return { count in for _ in 0..<count { keep(SocketPacket.event("message.created", [body]).text) } }
      },
    ]
  }

  static var texts: [Case] {
    [
      Case(name: "json-scan", unit: "a request's members are found without reading them") {
        let bytes = Array(Fed.request.utf8)
        return { count in
          for _ in 0..<count {
            guard let frame = try? JSONFrame(scanning: bytes.span) else { continue }
            keep(frame.slice("op", in: bytes.span)?.range)
          }
        }
      },
      Case(name: "json-request", unit: "a send's members are read by its shape, without a tree") {
        let bytes = Array(Fed.request.utf8)
        let shape = Shape(
          "MessageSend",
          [
            .integer("conversation", .required, .ids, "Where."),
            .string("text", .required, bytes: 0...16_384, "What is said."),
            .string("client_message_id", .optional, bytes: 1...128, "The sender's own id."),
            .oneOf("type", .optional, ["text", "image"], standard: "text", "What it carries."),
          ])
        return { count in
          for _ in 0..<count {
            let frame = try? JSONFrame(scanning: bytes.span)
            guard let asked = frame?.slice("d", in: bytes.span) else { continue }
            keep(shape.read(asked, in: bytes.span))
          }
        }
      },
      Case(name: "json-parse", unit: "a request is read into values") {
        let bytes = Array(Fed.request.utf8)
        return { count in for _ in 0..<count { keep(try? JSONValue(parsing: bytes)) } }
      },
      Case(name: "json-write", unit: "a message's event is written") {
        let entry = Stage.entry(7)
        return { count in
          for _ in 0..<count {
            var writer = JSONWriter()
            EntryText.write(entry, to: &writer)
            keep(writer.finish())
          }
        }
      },
      Case(name: "json-payload", unit: "four messages for other nodes are written and read, as Redis carries them") {
        let entries = (1...4).map { Stage.entry($0) }
        return { count in
          for _ in 0..<count {
            let bytes = EntryText.payload(of: entries, in: Stage.entry(1).conversation)
            keep(bytes.withUnsafeBytes { EntryText.entries(fromPayload: $0) })
          }
        }
      },
    ]
  }
}
