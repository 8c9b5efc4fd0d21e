import Testing

@Suite struct ArrowTests {
  @Test("no import points up")
  func imports() {
    #expect(SourceTree.product.count > 50, "the sources were not found")
    for finding in SourceTree.product.flatMap(Arrows.findings) { Issue.record("\(finding)") }
  }

  @Test("Package.swift gives each module exactly the arrows of the table")
  func package() throws {
    let declared = Arrows.declared(in: try #require(SourceTree.file("Package.swift")))
    #expect(declared.count > 15, "the rows of Package.swift were not recognised")
    for (module, known) in declared {
      let allowed = Arrows.allowed[module]
      #expect(
        known == allowed, "\(module) in Package.swift: \(known.sorted()); in the table: \(allowed?.sorted() ?? [])")
    }
  }

  @Test("the table itself keeps the layers apart")
  func layers() {
    let systems: Set<String> = ["CCrypt", "COpenSSL", "CZlib", "CSodium", "JSONText"]
    for codec in Arrows.codecs { #expect(Arrows.allowed[codec]?.subtracting(systems).isEmpty == true, "\(codec)") }
    for adapter in Arrows.adapters {
      let others = Arrows.adapters.union(Arrows.doors)
      #expect(Arrows.allowed[adapter]?.isDisjoint(with: others) == true, "\(adapter)")
    }
    for door in Arrows.doors {
      #expect(Arrows.allowed[door]?.isDisjoint(with: Arrows.adapters) == true, "\(door)")
      #expect(Arrows.allowed[door]?.isDisjoint(with: ["IORuntime", "Postgres", "Redis"]) == true, "\(door)")
    }
    #expect(Arrows.allowed["ChatCore"] == [])
  }

  @Test("an arrow that points up is found, whatever its spelling")
  func canFail() {
    func findings(_ text: String, module: String = "ChatCore") -> Int {
      Arrows.findings(in: SourceFile(path: "Sources/\(module)/A.swift", text: text)).count
    }
    #expect(findings("import Foundation") == 1)
    #expect(findings("@testable import Node\npublic import struct Postgres.Rows") == 2)
    #expect(findings("import Dispatch", module: "Node") == 1)
    #expect(findings("import Glibc", module: "Node") == 0)
    #expect(findings("// import Foundation\nlet a = \"import Node\"") == 0)
    let package = SourceFile(path: "Package.swift", text: "module(\"HTTP1\", [\n  \"Node\"]), module(\"A\"),")
    #expect(Arrows.declared(in: package) == ["HTTP1": ["Node"], "A": []])
  }
}
