import Foundation
import Testing

@testable import Node

@Suite struct SettingFileTests {
  @Test("a secret's file gives its text without the line's end, or nothing when it is no such file")
  func text() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "setting-\(UUID().uuidString)").path()
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(SettingFile.text(at: path) == nil)
    #expect(SettingFile.text(at: "/") == nil)
    for (content, text) in [
      (Data("kid:key\r\n".utf8), "kid:key"), (Data(), ""), (Data([0xFF, 0x0A]), nil),
      (Data(repeating: 0x61, count: SettingFile.bytesMax), String(repeating: "a", count: SettingFile.bytesMax)),
      (Data(repeating: 0x61, count: SettingFile.bytesMax + 1), nil),
    ] as [(Data, String?)] {
      try content.write(to: URL(filePath: path))
      #expect(SettingFile.text(at: path) == text)
    }
  }
}
