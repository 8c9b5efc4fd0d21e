import Foundation
import Testing

@testable import Node

@Suite struct ReferenceTests {
  @Test("names are unique, and every row says why")
  func rows() {
    let names = Reference.rows.map(\.name)
    #expect(Set(names).count == names.count)
    for row in Reference.rows {
      #expect(row.reason.count > 15 && row.reason.hasSuffix("."), "\(row.name)")
      #expect(!row.range.isEmpty && !row.type.isEmpty, "\(row.name)")
      #expect(row.type != "number" || !row.unit.isEmpty, "\(row.name)")
    }
  }

  @Test("every default is a value that its own row takes")
  func defaults() throws {
    for row in Reference.rows where !row.isSecret && !row.defaultText.isEmpty {
      var configuration = Configuration()
      try row.store(&configuration, row.defaultText)
      #expect(configuration == Configuration(), "\(row.name)")
    }
  }

  @Test("numbers are taken at both ends of their range, and refused one past them")
  func ranges() throws {
    for row in Reference.rows where row.type == "number" {
      let ends = row.range.split(separator: " ").compactMap { Int($0) }
      try #require(ends.count == 2, "\(row.name)")
      var configuration = Configuration()
      try row.store(&configuration, String(ends[0]))
      try row.store(&configuration, String(ends[1]))
      #expect(row.show(configuration) == String(ends[1]), "\(row.name)")
      for wrong in [String(ends[0] - 1), String(ends[1] + 1), "", "1.5", "+1", "99999999999999999999"] {
        #expect(throws: Complaint.self, "\(row.name) \(wrong)") { try row.store(&configuration, wrong) }
      }
    }
  }

  @Test("what is marked as equal on all nodes lies in the shared struct, and nothing else does")
  func shared() throws {
    for row in Reference.rows where row.type == "number" || row.type == "word" {
      var configuration = Configuration()
      let ends = row.range.split(separator: " ").compactMap { Int($0) }
      let value = row.type == "word" ? "other" : String(row.defaultText == "\(ends[0])" ? ends[1] : ends[0])
      try row.store(&configuration, value)
      #expect((configuration.shared != Configuration().shared) == row.isShared, "\(row.name)")
      #expect((configuration.sharedHash != Configuration().sharedHash) == row.isShared, "\(row.name)")
    }
  }

  @Test("the hash of what is shared stays what it is, so that old and new nodes compare")
  func stableHash() {
    var configuration = Configuration()
    #expect(configuration.sharedHash == "cbf29ce484222325")
    configuration.shared.tokenLifetimeSeconds = 7
    #expect(configuration.sharedHash == "27dd02694f9e4a30")
    configuration.work.loops = 3
    #expect(configuration.sharedHash == "27dd02694f9e4a30")
  }

  @Test("what is printed at the start masks secrets")
  func summary() throws {
    let printed = try outcome(["MARTLET_LOOPS": "3"]).get().summary
    #expect(printed.contains("MARTLET_LOOPS=3"))
    #expect(printed.contains("MARTLET_TOKEN_KEYS=k1:•••"))
    #expect(printed.contains("MARTLET_DATABASE_URL=•••"))
    for line in printed {
      for secret in ["geheim", "0001020304", "AAECAw"] { #expect(!line.contains(secret)) }
    }
  }

  @Test("the local cluster knows which settings are secrets, and keeps them out of argument lists")
  func localSecrets() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    let script = try String(contentsOf: root.appending(path: "deploy/local/lib/settings.sh"), encoding: .utf8)
    let secrets = Reference.rows.filter(\.isSecret).map(\.name).joined(separator: " ")
    #expect(script.contains("SECRET_SETTINGS=\" \(secrets) \""))
  }

  @Test("a web page of any origin is never let in")
  func origins() throws {
    #expect(sentences(["MARTLET_ORIGINS": "*"]).first?.contains("name the origins") == true)
    for wrong in ["example.org", "https://example.org/", "ftp://example.org", "https://", "https://*.example.org"] {
      #expect(sentences(["MARTLET_ORIGINS": wrong]).count == 1, "\(wrong)")
    }
    let configuration = try outcome(["MARTLET_ORIGINS": "https://Chat.example.org, http://localhost:3000"]).get()
    #expect(configuration.serving.origins == ["https://chat.example.org", "http://localhost:3000"])
  }

  @Test("deploy/settings.md is what the rows say; write it anew with: martlet settings --markdown")
  func page() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
    let page = try String(contentsOf: root.appending(path: "deploy/settings.md"), encoding: .utf8)
    #expect(page == Reference.markdown)
    #expect(Reference.text.contains("MARTLET_LISTEN\n    address; address:port; default 0.0.0.0:8080\n"))
  }
}
