import Testing

@testable import Redis

@Suite("Hash slots")
struct HashSlotTests {
  @Test("the checksum is CRC-16/XMODEM, as the specification's sample says")
  func sample() {
    #expect(HashSlot.crc16("123456789".utf8) == 0x31C3)
    #expect(HashSlot.crc16([]) == 0)
  }

  @Test("only what stands in the first braces counts", arguments: ["foo", "{foo}", "a{foo}b", "a{foo}{bar}"])
  func tags(key: String) { #expect(HashSlot(of: key).number == 12_182) }

  @Test("empty and unclosed braces make the whole key count")
  func odd() {
    for key in ["{}foo", "foo{}{bar}", "foo{bar", "{", ""] {
      #expect(HashSlot(of: key).number == HashSlot.crc16(key.utf8) % HashSlot.count)
    }
    #expect(HashSlot(of: "foo{{bar}}zap") == HashSlot(of: "{bar"))
  }
}
