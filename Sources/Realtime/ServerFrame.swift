import ChatCore
import Delivery
import EntryText
import JSONText

/// Everything that the server says, as bytes.
enum ServerFrame {
  /// Writes the `d` of a reply.
  typealias Body = (inout JSONWriter) -> Void

  /// `{"re":"7","ok":true,"d":{…}}`.
  static func reply(to id: String, _ body: Body) -> EncodedFrame {
    frame { writer in
      writer.member("re", id)
      writer.member("ok", true)
      writer.key("d")
      body(&writer)
    }
  }

  /// `{"re":"7","error":{problem}}`; `re` is null when the request had no id that could be read.
  static func refusal(of id: String?, _ problem: Problem) -> EncodedFrame {
    frame { writer in
      writer.member("re", id)
      writer.key("error")
      problem.write(requestID: nil, to: &writer)
    }
  }

  /// The `d` of a resume's reply: `{"heads":{"5121":42},"behind":[{"conversation":…,"head":…}],"unavailable":[…]}`.
  static func writeResumed(
    _ heads: [ConversationID: Int64], _ behind: [ConversationID], _ unavailable: [ConversationID],
    to writer: inout JSONWriter
  ) {
    writer.object { writer in
      writer.key("heads")
      writer.object { writer in
        for (id, head) in heads.sorted(by: { $0.key < $1.key }) {
          writer.key(named: String(id.rawValue))
          writer.int(head)
        }
      }
      writer.key("behind")
      writer.array { writer in
        for id in behind {
          writer.object { writer in
            writer.member("conversation", id.rawValue)
            writer.member("head", heads[id] ?? 0)
          }
        }
      }
      writer.key("unavailable")
      writer.array { writer in
        for id in unavailable { writer.int(id.rawValue) }
      }
    }
  }

  /// `{"t":"conversation.available","conv":5121,"d":{"head":42,"behind":false}}`.
  static func available(_ id: ConversationID, head: Int64, isBehind: Bool) -> [UInt8] {
    var writer = JSONWriter()
    writer.object { writer in
      writer.member("t", availableName)
      writer.member("conv", id.rawValue)
      writer.key("d")
      writer.object { writer in
        writer.member("head", head)
        writer.member("behind", isBehind)
      }
    }
    return writer.finish()
  }

  /// The `t` of that.
  static let availableName = "conversation.available"

  private static func frame(_ body: Body) -> EncodedFrame {
    var writer = JSONWriter()
    writer.object(body)
    return EncodedFrame(writer.finish())
  }
}

extension WireFormat {
  /// The native socket: an entry is `{"t":"message.created","conv":…,"seq":…,"d":{…}}`; a signal has no `seq`.
  public static let native = WireFormat(
    name: "native",
    entry: { entry in
      var writer = JSONWriter()
      EntryText.write(entry, to: &writer)
      return writer.finish()
    },
    signal: { signal in
      var writer = JSONWriter()
      return writer.write(signal) ? writer.finish() : nil
    },
    presence: { presence in
      var writer = JSONWriter()
      writer.write(presence)
      return writer.finish()
    })
}

extension JSONWriter {
  /// `{"t":"presence","d":{…}}`
  mutating func write(_ presence: Presence) {
    object { writer in
      writer.member("t", "presence")
      writer.key("d")
      EntryText.write(presence, to: &writer)
    }
  }

  /// False for what is not told to clients as an event.
  mutating func write(_ signal: Signal) -> Bool {
    switch signal {
    case .signedOut, .accountGone, .estranged, .relayed: return false
    case .typing(let conversation, let author):
      object { writer in
        writer.member("t", "typing")
        writer.member("conv", conversation.rawValue)
        writer.key("d")
        writer.object { writer in
          writer.key("user")
          EntryText.write(author, to: &writer)
        }
      }
      return true
    case .read(let conversation, let user, let seq):
      object { writer in
        writer.member("t", "read")
        writer.member("conv", conversation.rawValue)
        writer.key("d")
        writer.object { writer in
          writer.member("user", user.rawValue)
          writer.member("seq", seq)
        }
      }
      return true
    }
  }
}
