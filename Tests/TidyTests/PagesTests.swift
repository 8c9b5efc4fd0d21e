import Testing

@Suite struct PagesTests {
  @Test("every module has a page that is no stub", arguments: Arrows.allowed.keys.sorted())
  func pages(module: String) {
    guard module != "martlet", module != "CLinux" else { return }
    report(Pages.page(of: module))
  }

  @Test("links lead somewhere")
  func links() throws {
    let readme = try #require(SourceTree.file("README.md"))
    report(Pages.links(readme))
    for page in SourceTree.written where page.path.hasSuffix(".md") { report(Pages.links(page)) }
  }

  @Test("every limit has its reason beside it")
  func limits() { report(SourceTree.product.flatMap(Pages.limits)) }

  @Test("every source of a codec is spoken of by its tests", arguments: Arrows.codecs.sorted())
  func codecs(module: String) {
    let tests = SourceTree.files(["Tests/\(module)Tests"], ending: [".swift"])
    report(SourceTree.product.filter { $0.module == module }.flatMap { Pages.untested($0, tests: tests) })
  }

  @Test("every test file has a test or serves one")
  func placeholders() {
    for file in SourceTree.swift where file.name == "Placeholder.swift" { Issue.record("\(file.path) is still there") }
  }

  @Test("each of these is found when it is there")
  func canFail() {
    func file(_ text: String, _ name: String = "A.swift") -> SourceFile {
      SourceFile(path: "Sources/HTTP1/\(name)", text: text)
    }
    #expect(Pages.stub(file("# A", "A.md")).count == 1)
    #expect(Pages.stub(file(String(repeating: "a", count: 300), "A.md")).count == 1)
    #expect(Pages.page(of: "Nowhere").count == 1)
    let linked = file("[a](b.md) [c](https://d) [e](#f) [g](h.md#i)", "A.md")
    #expect(
      Pages.links(linked, exists: { $0 == "Sources/HTTP1/h.md" }) == ["Sources/HTTP1/A.md:1: a link to nothing: b.md"])
    #expect(Pages.limits(file("static let lineMax = 3")).count == 1)
    #expect(Pages.limits(file("/// Columns: what a screen has.\nstatic let lineMax = 3")).isEmpty)
    #expect(Pages.limits(file("public var pages = 3", "Limits.swift")).count == 1)
    let frame = file("/// A.\npublic struct Frame {}", "Frames.swift")
    #expect(Pages.untested(frame, tests: []).count == 1)
    #expect(Pages.untested(frame, tests: [file("let a = Frame()", "BTests.swift")]).isEmpty)
    #expect(Pages.untested(file("struct Inside {}"), tests: []).isEmpty)
  }
}
