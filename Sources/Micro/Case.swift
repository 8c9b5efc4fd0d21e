/// One thing that is done very often, and what it is fed.
struct Case {
  /// As thresholds name it.
  let name: String
  /// What one operation is.
  let unit: String
  /// Makes what does so many operations in a row.
  let prepare: () throws -> (Int) -> Void

  /// All of them, in the order in which they are measured.
  static var all: [Case] { frames + texts + packets + pages + fanOut + batching }
}

/// Keeps a result, so that the compiler does not find out that nobody wants it.
@inline(never) func keep<Value>(_ value: Value) { withExtendedLifetime(value) {} }

/// What is fed to codecs: of the size that chats have.
enum Fed {
  static let conversation: Int64 = 5_121
  static let text = String(repeating: "Hello, wide world! ", count: 6)
  static let body = #"{"conversation":5121,"text":"\#(text)","client_message_id":"c-12345"}"#
  static let request = #"{"id":"7","op":"message.send","d":\#(body)}"#
  static let event = #"27["message.send",\#(body)]"#
  static let head =
    "GET /v1/conversations/5121/messages?limit=50 HTTP/1.1\r\nHost: chat.example\r\nUser-Agent: app/4.2\r\n"
    + "Accept: application/json\r\nAccept-Encoding: gzip\r\nAuthorization: Bearer "
    + String(repeating: "t", count: 180) + "\r\nX-Request-Id: 4b1c9c\r\nConnection: keep-alive\r\n\r\n"
}
