import Glibc
import Testing

@testable import Node

@Suite("Which process somebody is")
struct ProcessMarkTests {
  @Test("a living process is not gone, and one elsewhere may live")
  func living() throws {
    let mark = try #require(ProcessMark.own()).text
    #expect(!ProcessMark.isGone(mark))
    let words = mark.split(separator: " ").map(String.init)
    try #require(words.count == 4)
    #expect(!ProcessMark.isGone("other \(words[1]) 2000000000 1"))
    #expect(!ProcessMark.isGone("\(words[0]) pid:[1] 2000000000 1"))
    for text in ["", "x", "a b c d", "\(words[0]) \(words[1]) 0 1", "\(words[0]) \(words[1]) -1 1"] {
      #expect(!ProcessMark.isGone(text), "\(text)")
    }
  }

  @Test("a number that nobody has, or that was given to somebody else, is a dead process'")
  func dead() throws {
    let words = try #require(ProcessMark.own()).text.split(separator: " ").map(String.init)
    #expect(ProcessMark.isGone("\(words[0]) \(words[1]) 2000000000 1"))
    #expect(ProcessMark.isGone("\(words[0]) \(words[1]) \(words[2]) 1"))
  }

  @Test("one that has died and was not waited for is dead")
  func zombie() throws {
    let words = try #require(ProcessMark.own()).text.split(separator: " ").map(String.init)
    var child: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
    defer { free(arguments[0]) }
    try #require(posix_spawnp(&child, "true", nil, nil, &arguments, environ) == 0)
    var info = siginfo_t()
    #expect(waitid(P_PID, id_t(child), &info, WEXITED | WNOWAIT) == 0)
    let stat = SettingFile.text(at: "/proc/\(child)/stat") ?? ""
    let start = stat.split(separator: ")").last?.split(separator: " ").dropFirst(19).first ?? ""
    #expect(ProcessMark.isGone("\(words[0]) \(words[1]) \(child) \(start)"))
    var status: CInt = 0
    waitpid(child, &status, 0)
  }
}
