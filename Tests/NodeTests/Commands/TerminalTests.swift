import Foundation
import Glibc
import Testing

@testable import Node

@Suite("What commands print")
struct TerminalTests {
  @Test("what does not get there is noticed")
  func full() {
    let disk = open("/dev/full", O_WRONLY | O_CLOEXEC)
    defer { close(disk) }
    #expect(Terminal.write("a list", to: disk) == ENOSPC)
    let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
    defer { close(nowhere) }
    #expect(Terminal.write("a list", to: nowhere) == nil)
    #expect(Terminal.write("a list", to: -1) == EBADF)
  }

  @Test("a pipe that does not wait gets all of it, with the last line's end")
  func patient() {
    var ends: [CInt] = [0, 0]
    #expect(pipe(&ends) == 0)
    let (reader, writer) = (ends[0], ends[1])
    #expect(fcntl(writer, F_SETFL, O_NONBLOCK) == 0)
    let text = String(repeating: "0123456789", count: 30_000)
    Thread.detachNewThread {
      _ = Terminal.write(text, to: writer)
      close(writer)
    }
    var got: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4_096)
    while case let count = read(reader, &part, part.count), count > 0 { got += part.prefix(count) }
    close(reader)
    #expect(String(decoding: got, as: UTF8.self) == text + "\n")
  }
}
