import Testing

@testable import ChatCore

@Suite("Scripts of names")
struct NameScriptTests {
  @Test("each row of the table is the first for a letter of some new name's key")
  func rows() {
    var reached: Set<Int> = []
    for value in UInt32(0)...0x2FFFF {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let text = String(Character(scalar))
      guard Limits().newUsername.fault(in: text) == nil else { continue }
      for letter in Username.key(of: text).unicodeScalars where NameScript(of: letter) != nil {
        if let row = NameScript.ranges.firstIndex(where: { $0.values.contains(letter.value) }) { reached.insert(row) }
      }
    }
    let idle = NameScript.ranges.indices.filter { !reached.contains($0) }
    #expect(idle.map { NameScript.ranges[$0].values.lowerBound } == [])
  }
}
