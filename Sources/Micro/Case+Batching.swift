import Glibc
import IORuntime

/// What gathers for one reader in a tick leaves in one call of the system.
extension Case {
  private static let readers = 16

  static var batching: [Case] {
    [
      Case(name: "batching-4", unit: "four frames to each of 16 connections in one tick of the loop") {
        { count in
          do { try Ticks(connections: readers, frames: 4, ticks: count).run() } catch { keep(error) }
        }
      }
    ]
  }
}

/// A loop that sends the same frames in each of its ticks, to sockets that are emptied at once.
private final class Ticks: ConnectionHandler, @unchecked Sendable {
  private let loop: EventLoop
  private var connections: [Connection] = []
  private var far: [CInt] = []
  private let frame = [UInt8](repeating: 0x78, count: 200)
  private let frames: Int
  private var left: Int
  private var read = [UInt8](repeating: 0, count: 65_536)

  init(connections count: Int, frames: Int, ticks: Int) throws {
    loop = try EventLoop(name: "micro")
    self.frames = frames
    left = ticks
    for _ in 0..<count {
      var ends: [CInt] = [-1, -1]
      let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
      guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw SystemError(call: "socketpair") }
      connections.append(Connection(loop: loop, descriptor: ends[0]))
      far.append(ends[1])
    }
  }

  func run() {
    loop.execute { [self] in
      for connection in connections { connection.begin(with: self) }
      tick()
    }
    loop.run()
    connections = []
    for end in far { close(end) }
  }

  private func tick() {
    for end in far { while recv(end, &read, read.count, 0) > 0 {} }
    guard left > 0 else { return loop.stop() }
    left -= 1
    for connection in connections { for _ in 0..<frames { connection.send(frame) } }
    loop.schedule(after: 0) { [self] in tick() }
  }

  func received(_ bytes: UnsafeRawBufferPointer) {}
  func drained() {}
  func peerFinished() -> HalfClose { .close }
  func ended(_ reason: ConnectionEnd) {}
}
