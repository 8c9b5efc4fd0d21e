// Garbage as what the broker and the store bring: payloads, details, files and reactions. Read or refused; what is read
// is written and read again as the same, and the reader of plain messages agrees with the tree's.
//
// Compiled together with Sources/EntryText and the modules ChatCore and JSONText by Tests/Fuzz/run. The first byte of
// the input chooses the reader.

import ChatCore
import JSONText

private func entries(_ bytes: [UInt8]) -> [Entry]? { bytes.withUnsafeBytes { EntryText.entries(fromPayload: $0) } }

private func checkPayload(_ bytes: [UInt8]) {
  guard let read = entries(bytes), let first = read.first else { return }
  for entry in read { precondition(entry.seq > 0 && entry.conversation == first.conversation, "an impossible entry") }
  let written = EntryText.payload(of: read, in: first.conversation)
  precondition(entries(written) == read, "not the same again")
  // A blank keeps the plain reader from it and means nothing to the tree.
  let plain = PlainMessages.entries(written.span)
  precondition(plain == nil || plain == entries([UInt8(ascii: " ")] + written), "the two readers differ")
  var writer = JSONWriter()
  writer.array { writer in for entry in read { EntryText.write(entry, to: &writer) } }
  precondition((try? JSONValue(parsing: writer.finish())) != nil, "what clients are told is no JSON")
}

private func checkDetail(_ code: UInt8, _ bytes: [UInt8], in conversation: ConversationID) {
  guard let detail = try? JSONValue(parsing: bytes),
    let event = EntryText.event(number: Int16(code), detail: detail, in: conversation)
  else { return }
  guard let again = try? JSONValue(parsing: EntryText.detail(of: event)) else {
    preconditionFailure("what is written is no JSON")
  }
  precondition(
    EntryText.event(number: EventCode.number(of: event), detail: again, in: conversation) == event, "not the same again"
  )
}

private func checkTexts(_ text: String) {
  let reactions = EntryText.reactions(of: text)
  precondition((EntryText.text(of: reactions).map(EntryText.reactions) ?? []) == reactions, "reactions differ")
  guard let files = EntryText.attachments(fromText: text) else { return }
  precondition((EntryText.text(of: files).flatMap(EntryText.attachments) ?? []) == files, "files differ")
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let choice = input.first, let conversation = ConversationID(checking: 4_097) else { return 0 }
  let rest = Array(input.dropFirst())
  switch choice {
  case 0: checkPayload(rest)
  case 255: checkTexts(String(decoding: rest, as: UTF8.self))
  default: checkDetail(choice, rest, in: conversation)
  }
  return 0
}
