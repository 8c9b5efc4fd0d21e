import ChatCore
import Testing

@Suite struct ConversationRulesTests {
  static let outsiders: [(ConversationKind, ChatError)] = [
    (.direct, .notFound(.conversation)), (.group, .notFound(.conversation)), (.self, .notFound(.conversation)),
    (.public, .forbidden(.notAMember)),
  ]

  @Test(arguments: outsiders)
  func `an outsider is told as much as he may see`(kind: ConversationKind, error: ChatError) {
    #expect(ConversationRules.maySee(kind, role: nil) == (kind == .public))
    #expect(throws: error) { try ConversationRules.checkWriting(kind, role: nil) }
    #expect(throws: error) { try ConversationRules.checkRenaming(kind, role: nil) }
    #expect(throws: error) { try ConversationRules.checkDeleting(kind, role: nil) }
  }

  @Test(arguments: ConversationKind.allCases)
  func `a member sees it, and writes unless it is his self conversation`(kind: ConversationKind) throws {
    #expect(ConversationRules.maySee(kind, role: .member))
    if kind == .self {
      #expect(throws: ChatError.forbidden(.wrongKind)) { try ConversationRules.checkWriting(kind, role: .owner) }
    } else {
      try ConversationRules.checkWriting(kind, role: .member)
    }
  }

  @Test(arguments: [ConversationKind.group, .public])
  func `owner and admins rename, the owner deletes`(kind: ConversationKind) throws {
    try ConversationRules.checkRenaming(kind, role: .owner)
    try ConversationRules.checkRenaming(kind, role: .admin)
    try ConversationRules.checkDeleting(kind, role: .owner)
    #expect(throws: ChatError.forbidden(.roleTooLow)) { try ConversationRules.checkRenaming(kind, role: .member) }
    #expect(throws: ChatError.forbidden(.roleTooLow)) { try ConversationRules.checkDeleting(kind, role: .admin) }
  }

  @Test(arguments: [ConversationKind.direct, .self])
  func `direct and self conversations are neither renamed nor deleted`(kind: ConversationKind) {
    #expect(throws: ChatError.forbidden(.wrongKind)) { try ConversationRules.checkRenaming(kind, role: .owner) }
    #expect(throws: ChatError.forbidden(.wrongKind)) { try ConversationRules.checkDeleting(kind, role: .owner) }
  }
}
