// Garbage as what nodes say to each other over Redis: signals, presence and records. Read or refused; what is read is
// written and read again as the same.
//
// Compiled together with the texts of Sources/RedisBroker and the modules that they import by Tests/Fuzz/run. The first
// byte of the input chooses the reader.

import ChatCore

private func checkPayload(_ bytes: [UInt8]) {
  guard let user = UserID(checking: 4_097), let conversation = ConversationID(checking: 4_097) else { return }
  for topic in [Topic.user(user), .conversation(conversation)] {
    guard let payload = try? Payload(bytes, on: topic) else { continue }
    guard case .signal(let signal) = payload else { continue }
    precondition(SignalText.topic(of: signal) == topic, "a signal of another topic")
    precondition(SignalText.signal(from: SignalText.payload(of: signal)) == signal, "a signal is not the same again")
  }
}

private func checkRecord(_ bytes: [UInt8]) {
  guard let record = NodeRecord(text: bytes) else { return }
  precondition(NodeRecord(text: Array(record.text.utf8)) == record, "a record is not the same again")
  if let agreement = record.agreement {
    precondition(
      agreement.differences(from: agreement, of: "a").isEmpty || !agreement.keys.isEmpty, "it differs from itself")
  }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: data, count: count))
  guard let choice = input.first else { return 0 }
  let rest = Array(input.dropFirst())
  switch choice % 3 {
  case 0: checkPayload(rest)
  case 1: checkRecord(rest)
  default:
    for share in PresenceShare.all.prefix(4) { _ = PresenceText.changes(rest, in: share) }
  }
  return 0
}
