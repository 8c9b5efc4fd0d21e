import Testing

@Suite struct SafetyTests {
  @Test("nothing in the product unwraps by force")
  func traps() { report(SourceTree.product.flatMap(Safety.traps)) }

  @Test("nothing in the product prints, but the command line")
  func output() { report(SourceTree.product.flatMap(Safety.output)) }

  @Test("nothing in the product escapes from its loop or its types")
  func escapes() { report(SourceTree.product.flatMap(Safety.escapes)) }

  @Test("each of these is found when it is there, and only then")
  func canFail() {
    func file(_ text: String) -> SourceFile { SourceFile(path: "Sources/Node/A.swift", text: text) }
    for wrong in ["a!", "try! b()", "c as! D", "e()!.f", "g[0]!", "var h: I!", "\"\\(j!)\""] {
      #expect(Safety.traps(file(wrong)).count == 1, "\(wrong)")
    }
    for right in ["!a", "a != b", "(!a)", "\"a!\"", "// a!", "/* a! */", "#\"a! \\(b!)\"#", "\"\"\"\n a!\n\"\"\""] {
      #expect(Safety.traps(file(right)).isEmpty, "\(right)")
    }
    #expect(Safety.output(file("print(1); debugPrint(2)")).count == 2)
    #expect(Safety.output(file("blueprint(1); x.print(2); func print()")).isEmpty)
    #expect(Safety.output(SourceFile(path: "Sources/martlet/Main.swift", text: "print(1)")).isEmpty)
    #expect(Safety.escapes(file("Task.detached { }")).count == 1)
  }
}
