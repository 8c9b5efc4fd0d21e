import Testing

@testable import Tokens

@Suite struct IDCipherTests {
  private let cipher = IDCipher(secret: Array("a secret of the cluster".utf8))

  @Test(arguments: IDCipher.Kind.allCases, [0, 1, 4_097, 16_777_217, 9_007_199_254_740_991] as [Int64])
  func `an id comes back from its UUID, with its kind`(kind: IDCipher.Kind, id: Int64) throws {
    let uuid = cipher.uuid(kind, id)
    let back = try #require(cipher.id(uuid))
    #expect(back.kind == kind)
    #expect(back.id == id)
    #expect(cipher.id(uuid.uppercased())?.id == id)
  }

  @Test func `a UUID says version 8 and variant 10`() {
    for id in 0..<1_000 {
      let uuid = Array(cipher.uuid(.user, Int64(id)))
      #expect(uuid.count == 36)
      #expect(uuid[14] == "8")
      #expect("89ab".contains(uuid[19]))
    }
  }

  @Test func `no two ids or kinds have one UUID`() {
    let all = IDCipher.Kind.allCases.flatMap { kind in (0..<2_000).map { cipher.uuid(kind, $0) } }
    #expect(Set(all).count == all.count)
  }

  @Test func `what was not made here is no id`() {
    let mine = cipher.uuid(.user, 4_097)
    for other in [
      "", "4097", "00000000-0000-8000-8000-000000000000", "00000000-0000-4000-8000-000000000000",
      mine.replacing("-", with: ""), mine + "0", "+" + mine.dropFirst(), String(mine.dropLast()) + "g",
      IDCipher(secret: [1]).uuid(.user, 4_097),
    ] {
      #expect(cipher.id(other) == nil, "\(other)")
    }
    #expect(IDCipher(secret: [1]).id(mine) == nil)
  }

  @Test func `neighbours look like strangers`() {
    let (first, second) = (cipher.uuid(.user, 4_097), cipher.uuid(.user, 4_098))
    #expect(zip(first, second).count { $0 != $1 } > 15)
  }

  @Test func `SipHash gives the value of its paper's key`() {
    // Reference vector: key 00 01 … 0f, message 00 01 … 07.
    let hash = SipHash(key: Array(0..<16))
    #expect(hash.hash(0x0706_0504_0302_0100) == 0x93f5_f579_9a93_2462)
  }
}
