import ChatCore
import EntryText
import HTTP1
import JSONText

/// `/v1/contacts`: asking, accepting, removing, listing.
enum Contacts {
  static func rows(_ limits: Limits) -> [Endpoint] { [list(limits), show, put, remove] }

  private static func list(_ limits: Limits) -> Endpoint {
    let state = Field.oneOf(
      "state", .optional, ContactState.allCases.map(\.rawValue),
      "Those of one state; else all but new, who are merely known.")
    return Endpoint(
      .get, "/v1/contacts", "listContacts", "The caller's contacts.",
      query: Shape("ContactList", [state] + Field.paging(limits)),
      answers: [.init(200, Schemas.contacts, "A page of contacts.")]
    ) { call async throws(ChatError) in
      let state = call.query.string("state").flatMap(ContactState.init(rawValue:))
      let command = ListContacts(
        states: state.map { [$0] } ?? [.requested, .requesting, .accepted], after: try call.cursor(), limit: call.limit)
      let found = try await command.run(in: call.chat, as: call.caller())
      return .json(.ok) { writer in
        writer.listing("contacts", found, cursor: { String($0.rawValue) }) { EntryText.write($0, to: &$1) }
      }
    }
  }

  private static let show = Endpoint(
    .get, "/v1/contacts/{user}", "showContact", "What another is to the caller.",
    answers: [.init(200, Schemas.contact, "The contact.")]
  ) { call async throws(ChatError) in
    let contact = try await FindContact(user: call.user()).run(in: call.chat, as: call.caller())
    return .json(.ok) { EntryText.write(contact, to: &$0) }
  }

  private static let put = Endpoint(
    .put, "/v1/contacts/{user}", "putContact", "Asks another to be a contact, or accepts his request.", rate: .write,
    body: Shape("ContactRequest", []), isBodyOptional: true,
    answers: [.init(200, Schemas.contact, "What he is now: requested or accepted.")], refusals: [403, 409]
  ) { call async throws(ChatError) in
    let contact = try await RequestContact(user: call.user()).run(in: call.chat, as: call.caller())
    return .json(.ok) { EntryText.write(contact, to: &$0) }
  }

  private static let remove = Endpoint(
    .delete, "/v1/contacts/{user}", "removeContact", "Takes a request back, turns one down, or ends being contacts.",
    rate: .write, answers: [.init(204, nil, "He is no contact.")]
  ) { call async throws(ChatError) in
    _ = try await RemoveContact(user: call.user()).run(in: call.chat, as: call.caller())
    return .noContent
  }
}

/// `/v1/blocks`: who may not write to the caller.
enum Blocks {
  static func rows(_ limits: Limits) -> [Endpoint] { [list(limits), put, remove] }

  private static func list(_ limits: Limits) -> Endpoint {
    Endpoint(
      .get, "/v1/blocks", "listBlocks", "Those whom the caller has blocked.",
      query: Shape("BlockList", Field.paging(limits)), answers: [.init(200, Schemas.blocks, "A page of blocks.")]
    ) { call async throws(ChatError) in
      let found = try await ListBlocks(after: try call.cursor(), limit: call.limit).run(
        in: call.chat, as: call.caller())
      return .json(.ok) { writer in
        writer.listing("blocks", found, cursor: { String($0.rawValue) }) { EntryText.write(block: $0, to: &$1) }
      }
    }
  }

  private static let put = Endpoint(
    .put, "/v1/blocks/{user}", "putBlock", "Lets another write to the caller no more, effective at once.", rate: .write,
    body: Shape("BlockRequest", []), isBodyOptional: true, answers: [.init(200, Schemas.block, "He is blocked.")],
    refusals: [409]
  ) { call async throws(ChatError) in
    let contact = try await BlockUser(user: call.user()).run(in: call.chat, as: call.caller())
    return .json(.ok) { EntryText.write(block: contact, to: &$0) }
  }

  private static let remove = Endpoint(
    .delete, "/v1/blocks/{user}", "removeBlock", "Lets him write again.", rate: .write,
    answers: [.init(204, nil, "He is not blocked.")]
  ) { call async throws(ChatError) in
    _ = try await UnblockUser(user: call.user()).run(in: call.chat, as: call.caller())
    return .noContent
  }
}
