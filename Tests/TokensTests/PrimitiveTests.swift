import Testing
import Tokens

@Suite("Base64url, hexadecimal and digests") struct PrimitiveTests {
  private static let spelled: [(bytes: [UInt8], text: String)] = [
    ([], ""), (Array("f".utf8), "Zg"), (Array("fo".utf8), "Zm8"), (Array("foo".utf8), "Zm9v"),
    (Array("foob".utf8), "Zm9vYg"),
    (Array("fooba".utf8), "Zm9vYmE"), (Array("foobar".utf8), "Zm9vYmFy"), ([0xFB, 0xFF, 0xFE], "-__-"), ([0], "AA"),
  ]

  @Test("bytes have one spelling", arguments: spelled)
  func both(bytes: [UInt8], text: String) {
    #expect(Base64URL.encode(bytes) == text)
    #expect(Base64URL.decode(text.utf8) == bytes)
  }

  @Test(
    "every other spelling is refused",
    arguments: [
      "A", "AAAAA", "Zg==", "Zg=", "Zh", "Zm9", "Zm8=", "+/8", "Z g", "Zg\n", " Zg", "Zm9v.", "é", "Zg\0",
    ])
  func refused(text: String) { #expect(Base64URL.decode(text.utf8) == nil) }

  @Test("random bytes are spelled and read back the same")
  func roundTrip() {
    for count in 0..<200 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255) }
      #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes, "\(bytes)")
    }
  }

  @Test("hexadecimal digits are written in lower case and read in either; anything else is refused")
  func hexadecimal() {
    let all = (0...255).map { UInt8($0) }
    #expect(Hexadecimal.encode([0x00, 0x0F, 0xA5, 0xFF]) == "000fa5ff" && Hexadecimal.encode([]) == "")
    #expect(Hexadecimal.decode(Hexadecimal.encode(all).utf8) == all)
    #expect(Hexadecimal.decode("000FA5ff".utf8) == [0x00, 0x0F, 0xA5, 0xFF])
    for text in ["0", "000", "0g", "0 ", "-1", "é0", "\0\0", "０0"] { #expect(Hexadecimal.decode(text.utf8) == nil) }
  }

  private func hex(_ bytes: [UInt8]) -> String { Hexadecimal.encode(bytes) }

  /// FIPS 180-4 examples; RFC 4231 test cases 1 and 2.
  @Test("digests are those of the standards")
  func digests() {
    #expect(
      hex(SHA256Digest.hash(Array("abc".utf8))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(hex(SHA256Digest.hash([])) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      hex(HMACSHA256.code(Array("Hi There".utf8), key: [UInt8](repeating: 0x0B, count: 20)))
        == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
    #expect(
      hex(HMACSHA256.code(Array("what do ya want for nothing?".utf8), key: Array("Jefe".utf8)))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  }

  @Test("secrets are compared whole, and nothing equals nothing")
  func comparing() {
    #expect(ConstantTime.equal([1, 2], [1, 2]))
    #expect(!ConstantTime.equal([1, 2], [1, 3]))
    #expect(!ConstantTime.equal([1, 2], [1]))
    #expect(!ConstantTime.equal([], []))
  }

  @Test("two draws of randomness differ")
  func random() { #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32)) }
}
