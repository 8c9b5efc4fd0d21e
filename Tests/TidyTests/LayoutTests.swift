import Testing

@Suite struct LayoutTests {
  @Test("lines have at most 120 columns and no blanks at their ends")
  func lines() { report(SourceTree.written.flatMap(Layout.lines)) }

  @Test("files have at most 300 lines, or a reason")
  func files() { report(SourceTree.swift.flatMap(Layout.length)) }

  @Test("functions have at most 60 lines, or a reason")
  func functions() { report(SourceTree.product.flatMap(Layout.functions)) }

  @Test("nothing is left over")
  func leftovers() { report(SourceTree.written.flatMap(Layout.leftovers)) }

  @Test("no path of somebody's machine is written down")
  func paths() { report(SourceTree.written.flatMap(Layout.machinePaths)) }

  @Test("no name says nothing")
  func names() { report(SourceTree.swift.flatMap(Layout.names)) }

  @Test("the root holds what the map in the README names, and nothing else")
  func root() throws {
    let known: Set<String> = [
      "Package.swift", "Package.resolved", "README.md", "Sources", "Tests", "deploy", "benchmarks", "docs", ".ci",
      ".dockerignore", ".editorconfig", ".gitignore", ".swift-format",
    ]
    let tracked = try SourceTree.tracked()
    let strangers = Set(tracked.compactMap { $0.split(separator: "/").first.map(String.init) }).subtracting(known)
    report(strangers.sorted().map { "\($0): does it belong into the repository?" })
  }

  @Test("a reason is given only for what needs it")
  func exceptions() {
    for (path, reason) in Layout.longFiles {
      #expect(SourceTree.exists(path) && reason.count > 20, "\(path)")
      #expect(Layout.length(SourceFile(path: path, text: "short")).count == 1)
    }
    for (key, reason) in Layout.longFunctions {
      #expect(SourceTree.exists(String(key.split(separator: " ").first ?? "")) && reason.count > 20, "\(key)")
    }
  }

  @Test("each of these is found when it is there")
  func canFail() {
    func file(_ text: String) -> SourceFile { SourceFile(path: "Sources/Node/A.swift", text: text) }
    #expect(Layout.lines(file(String(repeating: "é", count: 121))).count == 1)
    #expect(Layout.lines(file("a \n\tb")).count == 2)
    #expect(Layout.length(file(String(repeating: "a\n", count: 300))).isEmpty)
    #expect(Layout.length(file(String(repeating: "a\n", count: 301))).count == 1)
    let body = String(repeating: "\n", count: 60)
    #expect(Layout.functions(file("func a<T>(b: [T] = { 1 }()) async -> Int {\(body)}")).count == 1)
    #expect(Layout.functions(file("protocol P {\n func a()\n}\nfunc b() {\n}\(body)")).isEmpty)
    #expect(Layout.functions(file("init(a: Int) {\(body)}")).count == 1)
    #expect(Layout.leftovers(file("// TO" + "DO later\nlet XX" + "X = 1")).count == 2)
    #expect(Layout.leftovers(file("TODOS XXXX")).isEmpty)
    #expect(Layout.machinePaths(file("\"/ro" + "ot/x\" and /tmp" + "/wt/a\n\"/ho" + "me/me\"")).count == 2)
    #expect(Layout.machinePaths(file("a/work/b https://x.org/home/")).isEmpty)
    #expect(Layout.names(file("final class SocketManager {}")).count == 1)
    #expect(Layout.names(SourceFile(path: "Sources/Node/StringUtils.swift", text: "")).count == 1)
    #expect(Layout.names(file("struct Commonplace {}")).isEmpty)
  }
}

/// Fails the test with all findings, a line each.
func report(_ findings: [String], at location: SourceLocation = #_sourceLocation) {
  guard !findings.isEmpty else { return }
  Issue.record("\(findings.joined(separator: "\n"))", sourceLocation: location)
}
