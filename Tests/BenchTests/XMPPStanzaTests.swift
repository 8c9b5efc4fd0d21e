import Testing

@testable import Bench

@Suite struct XMPPStanzaTests {
  private func read(_ text: String) -> Incoming { Array(text.utf8).withUnsafeBytes { Incoming(.xmpp, $0) } }

  @Test("the way in is the answer to what the server says")
  func entering() {
    let mechanisms = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
    #expect(read("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='1' from='a'/>") == .passing)
    #expect(
      read(
        "<stream:features xmlns:stream='x'>\(mechanisms)<mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>"
      )
        == .asks(.authenticate))
    #expect(read("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>") == .asks(.reopen))
    #expect(read("<features><bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"/></features>") == .asks(.bind))
    #expect(read("<iq type=\"result\" id='b'><bind><jid>a@b/c</jid></bind></iq>") == .opened)
    #expect(read("<presence from='r@c/s1'><x/></presence>") == .passing, "somebody else's")
    #expect(read("<presence from='r@c/s0'><x><status code='201'/><status code='110'/></x></presence>") == .entered)
    #expect(read("<presence from='r@c/s0'><x><status code=\"110\"/></x></presence>") == .entered)
  }

  @Test("a text is heard in a room's message and nowhere else, least of all in one that brings it back refused")
  func texts() {
    var text: [UInt8] = []
    let mark = Mark(worker: 1, number: 2, due: 3, place: 4, room: 5)
    mark.append(to: &text, bytes: 64)
    let body = "<body>\(String(decoding: text, as: UTF8.self))</body>"
    let entry = Incoming.entry(.init(conversation: 0, seq: 4, mark: mark))
    #expect(read("<message xml:lang='en' to='a > b' from=\"r@c/s1\" type='groupchat'>\(body)</message>") == entry)
    #expect(read("<message type='groupchat'><subject/></message>") == .passing)
    #expect(read("<message type='chat'>\(body)</message>") == .passing)
    #expect(read("<message kind='groupchat'>\(body)</message>") == .passing)
    let error = "<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    #expect(read("<message type='error'>\(body)\(error)</message>") == .refused("message resource-constraint"))
  }

  @Test(
    "who is refused is told why",
    arguments: [
      ("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>", "sasl not-authorized"),
      (
        "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></stream:features>",
        "sasl without ANONYMOUS"
      ),
      ("<stream:features><compression/></stream:features>", "features without bind"),
      ("<stream:error xmlns:stream='s'><host-unknown xmlns='x'/></stream:error>", "stream host-unknown"),
      ("<presence type='error'><x/><error type='auth'><not-allowed/></error></presence>", "presence not-allowed"),
      ("<iq type='error' id='b'><error type='modify'><bad-request/></error></iq>", "iq bad-request"),
      ("<presence type='error'/>", "presence unknown"), ("<presence type='error'><error/>", "presence unknown"),
      ("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", "stream closed"),
    ])
  func refused(stanza: String, why: String) { #expect(read(stanza) == .refused(why)) }

  @Test("what is no stanza is broken, and nothing traps, however it is cut")
  func broken() {
    for text in ["", " ", "a", "<", "<>", "</message>", "< message>", "<a:>", "<other x='y'>", "{}"] {
      #expect(read(text) == .broken, "\(text)")
    }
    let whole = "<presence to=\"a\" type='error'><error><not-allowed xmlns='x'/></error></presence>"
    for length in 0...whole.utf8.count { _ = read(String(whole.prefix(length))) }
  }

  @Test("what is written is one element each, to a room of the domain")
  func written() throws {
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    #expect(text(XMPPStanza.open("a.example")).contains(#"to="a.example""#))
    let join = text(XMPPStanza.join("r3", "a.example", as: "s7"))
    #expect(join.contains(#"to="r3@conference.a.example/s7""#) && join.contains(#"maxstanzas="0""#))
    #expect(
      text(XMPPStanza.say(Array("hi".utf8), "r3", "a.example"))
        == #"<message xmlns="jabber:client" type="groupchat" to="r3@conference.a.example"><body>hi</body></message>"#)
    for step in [XMPPStanza.Step.authenticate, .reopen, .bind] {
      let stanza = XMPPStanza.answer(step, "a")
      #expect(stanza.withUnsafeBytes { XMLElement($0) } != nil)
    }
    let request = text(
      Wire.xmpp.request(try #require(Target.Place("ws://h:1/ws")), token: "", room: 0, key: "k"))
    #expect(request.hasPrefix("GET /ws HTTP/1.1\r\n") && request.contains("\r\nSec-WebSocket-Protocol: xmpp\r\n"))
  }
}
