import ChatCore
import MemoryAdapters
import TestKit
import Testing

@Suite("Files in the domain") struct FilesTests {
  private static let kinds: [(FileType, [UInt8])] = [
    (.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), (.jpeg, [0xFF, 0xD8, 0xFF, 0xE0]),
    (.gif, Array("GIF89a<script>".utf8)), (.webp, Array("RIFF\0\0\0\0WEBPVP8 ".utf8)),
    (.wav, Array("RIFF\0\0\0\0WAVEfmt ".utf8)), (.pdf, Array("%PDF-1.7".utf8)), (.mp3, Array("ID3\u{4}".utf8)),
    (.mp3, [0xFF, 0xFB, 0x90, 0x00]), (.unknown, [0xFF, 0xFB, 0xF0, 0x00]), (.ogg, Array("OggS\0".utf8)),
    (.m4a, Array("\0\0\0\u{18}ftypM4A ".utf8)), (.mp4, Array("\0\0\0\u{18}ftypisom".utf8)),
    (.zip, [0x50, 0x4B, 3, 4, 9]), (.gzip, [0x1F, 0x8B, 8]), (.text, Array("<svg onload=\"x\"/>".utf8)),
    (.docx, [0x50, 0x4B, 3, 4] + Array(repeating: 0, count: 26) + Array("[Content_Types].xml..word/document".utf8)),
    (.text, Array("grün\r\n\t\u{C}".utf8)), (.unknown, [0x41, 0x00]), (.unknown, [0xC3]),
    (.unknown, Array("xxxx\0\0\0\0WEBPVP8 ".utf8)), (.oldOffice, [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1]),
  ]

  @Test("a file is what its first bytes say") func sniffing() {
    for (type, bytes) in Self.kinds { #expect(FileType(sniffing: ([7] + bytes)[1...]) == type, "\(type) \(bytes)") }
    #expect(FileType.allCases.filter(\.isShownInline) == [.png, .jpeg, .gif, .webp])
  }

  @Test("a name keeps its last part without what deceives, in 255 bytes with its ending") func names() {
    let rows: [(String?, String)] = [
      ("../../etc/passwd", "passwd"), ("C:\\a\\b.png", "b.png"), ("a\0.exe\u{202E}gnp", "a.exegnp"), (nil, "file"),
      ("", "file"), ("..", "file"), (" .a.txt. ", "a.txt"), ("\u{200B}", "file"), ("/", "file"), ("ä ö.pdf", "ä ö.pdf"),
      ("a\r\nb", "ab"),
    ]
    for (given, kept) in rows { #expect(FileName.cleaned(given) == kept, "\(given ?? "nothing")") }
    let long = FileName.cleaned(String(repeating: "ä", count: 3_000) + ".jpeg")
    #expect(long.utf8.count <= 255 && long.utf8.count >= 253 && long.hasSuffix("ä.jpeg"))
  }

  @Test("anyone who has the public name of a file reads it, and nobody with another secret") func publicNames()
    async throws
  {
    let stage = try await Stage.set()
    let bytes = Array("hello".utf8)
    let upload = UploadFile(name: "a b.txt", bytes: bytes[...], access: .anyoneWithLink)
    let file = try await upload.run(in: stage.chat, as: stage.ada)
    let name = try #require(PublicFileName(file))
    #expect(name.text.utf8.count == 36)
    #expect(PublicFileName(parsing: name.text) == name)
    for text in [name.text, name.text + "_a b.txt"] {
      var pieces = try await ReadPublicFile(name: text).run(in: stage.chat)
      #expect(try await pieces.piece() == bytes)
      #expect(try await pieces.piece() == nil)
    }
    let cut = String(name.text.dropLast())
    for wrong in [cut + (name.text.hasSuffix("0") ? "1" : "0"), cut, name.text + "x", ""] {
      await #expect(throws: ChatError.notFound(.file)) { try await ReadPublicFile(name: wrong).run(in: stage.chat) }
    }
    let closed = try await UploadFile(name: nil, bytes: bytes[...]).run(in: stage.chat, as: stage.ada)
    #expect(PublicFileName(closed) == nil)
  }

  @Test("a file whose bytes cannot be stored is not counted, nor found") func failedUpload() async throws {
    let stage = try await Stage.set()
    let id = try await stage.chat.files.reserve(
      NewFile(owner: stage.ada.user, name: "lost", type: .text, size: 9),
      quota: FileUsage(bytes: 10, files: 10)
    ).id
    let bytes = Array("x".utf8)
    _ = try await UploadFile(name: nil, bytes: bytes[...]).run(in: stage.chat, as: stage.ada)
    #expect(try await stage.chat.files.usage(of: stage.ada.user).bytes == 10, "it may still be under way")
    stage.clock.advance(by: 3_600_001)
    _ = try await UploadFile(name: nil, bytes: bytes[...]).run(in: stage.chat, as: stage.ada)
    #expect(try await stage.chat.files.usage(of: stage.ada.user) == FileUsage(bytes: 2, files: 2), "swept")
    #expect(try await stage.chat.files.complete(id) == false)
  }

  /// Completes each file that it keeps and then fails, as if the database had done so and its answer were lost.
  private struct Forgetful: BlobStore {
    let world: MemoryWorld
    /// Whether the database is away from then on.
    let leaves: Bool

    func put(_ id: FileID, _ bytes: ArraySlice<UInt8>) async throws(ChatError) {
      try await world.put(id, bytes)
      _ = try await world.complete(id)
      world.isAway = leaves
      throw .unavailable(.database, retryAfter: 1_000)
    }
    func bytes(of id: FileID, in range: Range<Int64>) async throws(ChatError) -> [UInt8] {
      try await world.bytes(of: id, in: range)
    }
    func delete(_ id: FileID) async throws(ChatError) { try await world.delete(id) }
  }

  /// Such a file once stayed in its owner's list and quota for ever, without a byte.
  @Test(arguments: [false, true])
  func `an upload whose completion was not heard of leaves a whole file or none`(leaves: Bool) async throws {
    let stage = try await Stage.set()
    let (chat, world) = (stage.chat, stage.world)
    let failing = Chat(
      users: world, sessions: world, conversations: world, contacts: world, cleanups: world, log: world,
      messages: world, files: world, blobs: Forgetful(world: world, leaves: leaves), credentials: stage.credentials,
      publisher: stage.publisher, limiter: MemoryRateLimiter(clock: stage.clock), clock: stage.clock)
    let upload = UploadFile(name: "a.txt", bytes: Array("hello".utf8)[...])
    await #expect(throws: ChatError.unavailable(.database, retryAfter: 1_000)) {
      try await upload.run(in: failing, as: stage.ada)
    }
    world.isAway = false
    let found = try await ListFiles().run(in: chat, as: stage.ada).items
    #expect(found.count == (leaves ? 1 : 0))
    for file in found { #expect(try await world.bytes(of: file.id, in: 0..<5) == Array("hello".utf8)) }
    #expect(try await chat.files.usage(of: stage.ada.user).files == Int64(found.count))
  }

  @Test func `who names a conversation of two others learns nothing of what they are to each other`() async throws {
    let stage = try await Stage.set()
    let opened = try await OpenDirectConversation(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    func asked(_ place: FilePlace) async -> ChatError? {
      let command = RegisterFileLink(name: "a.pdf", url: "/a", size: 1, place: place)
      do throws(ChatError) { _ = try await command.run(in: stage.chat, as: stage.eve) } catch { return error }
      return nil
    }
    let nothing = ChatError.invalid([.unknownFileConversation])
    let none = FilePlace.conversation(ConversationID(counter: 77, bucket: opened.conversation.id.bucket))
    #expect(await asked(none) == nothing)
    #expect(await asked(.conversation(opened.conversation.id)) == nothing)
    for (caller, other) in [(stage.ada, stage.bob), (stage.bob, stage.ada)] {
      _ = try await AddContact(user: other.user).run(in: stage.chat, as: caller)
      _ = try await SetContactStatus(user: other.user, label: .timeout).run(in: stage.chat, as: caller)
    }
    #expect(await asked(.conversation(opened.conversation.id)) == nothing)
    _ = try await BlockUser(user: stage.bob.user).run(in: stage.chat, as: stage.ada)
    #expect(await asked(.conversation(opened.conversation.id)) == nothing)
  }

  @Test("a file that lies elsewhere keeps the rules, each refused by its name") func linkRules() async throws {
    let stage = try await Stage.set()
    let room = try await stage.cast.group().id
    func register(
      _ name: String = "a.PDF", _ url: String = "https://x.example/a", _ size: Int64 = 5, nowhere: Bool = false
    ) async -> String {
      let command = RegisterFileLink(name: name, url: url, size: size, place: nowhere ? nil : .conversation(room))
      do throws(ChatError) {
        return try await command.run(in: stage.chat, as: stage.ada).name
      } catch {
        guard case .invalid(let faults) = error else { return "\(error)" }
        return faults.map { "\($0.pointer) \($0.code)" }.joined()
      }
    }
    #expect(await register() == "a.PDF")
    #expect(await register("../b.png", "/uploads/b.png", 5_242_880) == "b.png")
    for name in ["a.exe", "pdf", "a.svg"] { #expect(await register(name) == "/name not_allowed") }
    #expect(await register("") == "/name too_short")
    #expect(await register("a.pdf", "/a", 5_242_881) == "/size too_large")
    #expect(await register("a.exe", nowhere: true) == "/name not_allowed")
    #expect(await register(nowhere: true) == "/place missing")
    for size in [0, -1, Int64.min] { #expect(await register("a.pdf", "/a", size) == "/size out_of_range") }
    for url in ["", "javascript:alert(1)", "//evil/x", "http://u:p@h/x", "https://", "data:,x", "http://a b", "/\\e"] {
      #expect(await register("a.pdf", url) == "/url invalid_format", "\(url)")
    }
    let list = ListFileLinks(at: .conversation(room))
    #expect(try await list.run(in: stage.chat, as: stage.bob).items.count == 2)
    await #expect(throws: ChatError.notFound(.conversation)) { try await list.run(in: stage.chat, as: stage.eve) }
    let message = try await stage.cast.say("x", by: stage.cast.ada, in: room).message.id
    let named = try await RegisterFileLink(name: "a.pdf", url: "/a", size: 1, place: .message(message)).run(
      in: stage.chat, as: stage.ada)
    let there = ListFileLinks(at: .message(message))
    #expect(try await there.run(in: stage.chat, as: stage.bob).items == [named])
    #expect(try await there.run(in: stage.chat, as: stage.eve).items.isEmpty)
    let many = (0..<150).map { EntryID(counter: $0 + 1_000, bucket: room.bucket) } + [message]
    let shown = ShowFileLinks(of: many, in: room)
    #expect(try await shown.run(in: stage.chat, as: stage.bob) == [named], "the second page")
    await #expect(throws: ChatError.notFound(.conversation)) { try await shown.run(in: stage.chat, as: stage.eve) }
    await #expect(throws: ChatError.forbidden(.notTheOwner)) {
      try await DeleteFileLink(file: named.id).run(in: stage.chat, as: stage.bob)
    }
    try await DeleteFileLink(file: named.id).run(in: stage.chat, as: stage.ada)
    await #expect(throws: ChatError.notFound(.file)) {
      try await ShowFileLink(file: named.id).run(in: stage.chat, as: stage.ada)
    }
  }
}
