import Glibc
import IORuntime
import TestKit
import Testing

@testable import Redis

@Suite("A connection to Redis")
struct RedisConnectionTests {
  @Test(
    "sends small commands at once, and the kernel looks whether its peer is there and gives it up after 4 s",
    arguments: RedisKind.allCases)
  func socketOptions(kind: RedisKind) async throws {
    try await kind.play { redis in
      let settings = try RedisSettings(url: redis.url)
      try await onLoop { loop in
        let client = RedisClient(loop: loop, settings: settings)
        let subscriber = RedisSubscriber(loop: loop, settings: settings, beside: client)
        let ear = Ear()
        subscriber.attach(ear)
        client.start()
        subscriber.start()
        subscriber.subscribe("{a}news")
        try #require(await client.connected(within: 15_000))
        try await eventually(within: 15_000, on: loop) { ear.subscribed == ["{a}news"] }
        let ports = Set(settings.isCluster ? settings.seeds.map(\.port) : [settings.port])
        let sockets = Self.sockets(to: ports)
        #expect(sockets.count >= (settings.isCluster ? 4 : 2), "one to each master and one that listens")
        for socket in sockets {
          #expect(Self.option(socket, CInt(IPPROTO_TCP), TCP_NODELAY) == 1)
          #expect(Self.option(socket, SOL_SOCKET, SO_KEEPALIVE) == 1)
          #expect(Self.option(socket, CInt(IPPROTO_TCP), TCP_KEEPIDLE) == 60)
          #expect(Self.option(socket, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT) == 4_000)
        }
        client.close()
        subscriber.close()
      }
    }
  }

  /// This process' sockets that are connected to one of those ports.
  private static func sockets(to ports: Set<UInt16>) -> [CInt] {
    (0..<4_096).filter { descriptor in
      var peer = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isConnected = withUnsafeMutablePointer(to: &peer) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) == 0 }
      }
      return isConnected && peer.sin_family == sa_family_t(AF_INET) && ports.contains(UInt16(bigEndian: peer.sin_port))
    }
  }

  private static func option(_ socket: CInt, _ level: CInt, _ name: CInt) -> CInt {
    var value: CInt = -1
    var length = socklen_t(MemoryLayout<CInt>.size)
    _ = getsockopt(socket, level, name, &value, &length)
    return value
  }
}
