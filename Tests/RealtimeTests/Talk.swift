import ChatCore
import JSONText
import TestKit
import Testing

@testable import Realtime

/// Two people who use every operation of the socket, and write down what was asked and heard.
final class Talk {
  private(set) var asked: [JSONValue] = []
  private let stage: SocketStage
  private let ada: Client
  private let bob: Client

  var heard: [JSONValue] { ada.frames + bob.frames }

  init() throws {
    stage = try SocketStage()
    (ada, bob) = (stage.connect(), stage.connect())
  }

  func run() throws {
    let room = try stage.group(members: [stage.bob]).rawValue
    let (one, other) = (stage.ada.id.rawValue, stage.bob.id.rawValue)
    for (client, user) in [(ada, stage.ada), (bob, stage.bob)] {
      ask(client, "auth", #""token":"\#(try stage.token(of: user).token)""#)
    }
    ask(ada, "resume", #""heads":{"\#(room)":1}"#)
    ask(bob, "resume")
    ask(ada, "presence.watch", #""users":[\#(other)]"#)
    let sent = ask(ada, "message.send", #""conversation":\#(room),"text":"hi","client_message_id":"c1""#)
    let message = try #require(ada.reply(sent)?["d"]?["id"]?.integer)
    ask(ada, "message.edit", #""message":\#(message),"text":"ho""#)
    for operation in ["reaction.add", "reaction.remove"] {
      ask(bob, operation, #""message":\#(message),"emoji":"👍""#)
    }
    ask(bob, "typing", #""conversation":\#(room)"#)
    ask(bob, "read", #""conversation":\#(room),"seq":2"#)
    ask(ada, "message.delete", #""message":\#(message)"#)
    for data in [#""kind":"direct","user":\#(other)"#, #""kind":"group","title":"Tea","members":[\#(other)]"#] {
      ask(ada, "conversation.open", data)
    }
    ask(ada, "conversation.open", #""kind":"public","title":"All""#)
    ask(ada, "contact.request", #""user":\#(other)"#)
    ask(bob, "contact.accept", #""user":\#(one)"#)
    for operation in ["contact.remove", "block.add", "block.remove"] { ask(bob, operation, #""user":\#(one)"#) }
    ask(ada, "presence.unwatch", #""users":[\#(other)]"#)
    askWrongly(room)
    stage.time.run(for: 3_000)
  }

  /// What is refused for its shape, by the domain, and without an id.
  private func askWrongly(_ room: Int64) {
    ask(ada, "message.send", #""conversation":\#(room),"text":"","x":1"#, id: "wrong-1")
    ask(ada, "message.send", #""conversation":4096,"text":"hi""#, id: "wrong-2")
    ask(ada, "resume", id: "wrong-3")
    ada.send(#"{"op":"read"}"#)
    stage.time.run(for: 50)
  }

  @discardableResult
  private func ask(_ client: Client, _ operation: String, _ data: String = "", id: String? = nil) -> String {
    let id = id ?? "\(asked.count)"
    let frame = #"{"id":"\#(id)","op":"\#(operation)","d":{\#(data)}}"#
    if let value = try? JSONValue(parsing: frame) { asked.append(value) }
    client.send(frame)
    stage.time.run(for: 50)
    return id
  }
}
