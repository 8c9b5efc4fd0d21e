/// The arguments of an event or an ack: each a JSON text in the packet's payload.
public struct SocketArguments: Sendable, Equatable {
  private let payload: [UInt8]
  private let elements: [Range<Int>]
  /// The attachments, by the numbers of the placeholders.
  public let attachments: [[UInt8]]

  init(payload: [UInt8], elements: [Range<Int>], attachments: [[UInt8]]) {
    self.payload = payload
    self.elements = elements
    self.attachments = attachments
  }

  /// How many arguments there are.
  public var count: Int { elements.count }

  /// About how many bytes of memory they hold: of the packet all, with its name and what stands between them.
  public var bytesHeld: Int {
    payload.count + elements.count * MemoryLayout<Range<Int>>.stride + attachments.reduce(0) { $0 + $1.count }
  }

  /// The JSON text of the argument at that place; nil where there is none.
  public subscript(place: Int) -> [UInt8]? {
    elements.indices.contains(place) ? Array(payload[elements[place]]) : nil
  }

  /// All arguments, each as JSON text.
  public var texts: [[UInt8]] { texts(atMost: .max) }

  /// The first arguments, each as JSON text: at most so many, since each takes thirty times its bytes and more.
  public func texts(atMost most: Int) -> [[UInt8]] { elements.prefix(most).map { Array(payload[$0]) } }
}

extension SocketPacket {
  /// The name and the arguments of an event that the decoder has made; nil for anything else.
  public var event: (name: String, arguments: SocketArguments)? {
    guard kind == .event || kind == .binaryEvent, let walk = try? JSONWalk.list(payload),
      let name = walk.elements.first
    else { return nil }
    return (
      JSONString.text(payload[name]),
      SocketArguments(payload: payload, elements: Array(walk.elements.dropFirst()), attachments: attachments)
    )
  }

  /// The arguments of an ack that the decoder has made; nil for anything else.
  public var answer: SocketArguments? {
    guard kind == .ack || kind == .binaryAck, let walk = try? JSONWalk.list(payload) else { return nil }
    return SocketArguments(payload: payload, elements: walk.elements, attachments: attachments)
  }
}
