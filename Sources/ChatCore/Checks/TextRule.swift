/// What one text of a request may hold: its place, its length, its characters; a row of the table below.
///
/// - Errors: codes `too_short`, `too_long`, `not_allowed` (a character), `invalid_format`; each with a sentence.
struct TextRule {
  /// The JSON member, as on every wire of our own: `client_message_id`.
  let member: String
  /// How many UTF-8 bytes.
  let bytes: ClosedRange<Int>
  /// What is wrong with its characters, if anything.
  let flaw: (String) -> Flaw?

  /// What is wrong with a text besides its length.
  struct Flaw: Equatable {
    let code: String
    /// Completes "<member> must …".
    let demand: String

    static func notAllowed(_ demand: String) -> Flaw { Flaw(code: "not_allowed", demand: demand) }
    static func invalidFormat(_ demand: String) -> Flaw { Flaw(code: "invalid_format", demand: demand) }
  }

  /// What is wrong with the text; nil when it may pass.
  func fault(in text: String) -> Fault? {
    let length = text.utf8.count
    if length < bytes.lowerBound { return fault("too_short", lengthDemand) }
    if length > bytes.upperBound { return fault("too_long", lengthDemand) }
    return flaw(text).map { fault($0.code, $0.demand) }
  }

  private var lengthDemand: String { "be \(bytes.lowerBound) to \(bytes.upperBound) bytes of UTF-8" }

  private func fault(_ code: String, _ demand: String) -> Fault {
    Fault(pointer: "/" + member, code: code, detail: "\(member) must \(demand).")
  }
}

extension Limits {
  var username: TextRule { row("username", 1...usernameBytesMax, Username.flaw) }
  /// Of who registers: an older name may look like another.
  var newUsername: TextRule { row("username", 1...usernameBytesMax) { Username.flaw($0) ?? Username.disguise($0) } }
  var displayName: TextRule { row("display_name", 1...displayNameBytesMax, lineFlaw) }
  var title: TextRule { row("title", 1...titleBytesMax, lineFlaw) }
  var device: TextRule { row("device", 1...deviceBytesMax, lineFlaw) }
  var picture: TextRule { row("picture_url", 1...pictureBytesMax) { lineFlaw($0) ?? TextRule.schemeFlaw($0) } }
  var email: TextRule { row("email", 3...emailBytesMax, TextRule.addressFlaw) }
  var avatarURL: TextRule { row("avatar_url", 1...avatarURLBytesMax, TextRule.linkFlaw) }
  var newPassword: TextRule { row("new_password", passwordBytesMin...passwordBytesMax, TextRule.controlFlaw) }
  var password: TextRule { row("password", passwordBytesMin...passwordBytesMax, TextRule.controlFlaw) }
  var text: TextRule { row("text", 1...textBytesMax, TextRule.proseFlaw) }
  var clientMessageID: TextRule { row("client_message_id", 1...clientMessageIDBytesMax, TextRule.controlFlaw) }
  var emoji: TextRule { row("emoji", 1...emojiBytesMax, TextRule.emojiFlaw) }
  var importKey: TextRule { row("key", 1...ImportKey.keyBytesMax, TextRule.controlFlaw) }
  var query: TextRule { row("query", 1...usernameBytesMax, TextRule.controlFlaw) }
  /// At sign-in only the size is checked: what never could be right gets the same answer as what is wrong.
  var givenUsername: TextRule { row("username", 1...usernameBytesMax) { _ in nil } }
  var givenPassword: TextRule { row("password", 1...passwordBytesMax) { _ in nil } }

  private func row(
    _ member: String, _ bytes: ClosedRange<Int>, _ flaw: @escaping (String) -> TextRule.Flaw?
  ) -> TextRule {
    TextRule(member: member, bytes: bytes, flaw: flaw)
  }

  private func lineFlaw(_ text: String) -> TextRule.Flaw? { TextRule.lineFlaw(text, marksMax: combiningMarksMax) }
}
