import JSONText
import Testing

@testable import Bench

@Suite struct BenchOptionsTests {
  @Test("options are taken in any order")
  func taken() throws {
    let options = try BenchOptions([
      "--p99", "100ms", "room", "--cluster", "c.json", "--wire", "socketio", "--through", "balancer", "--workers", "3",
      "--find-rate", "--pids", "a=1,b=22", "--sources", "127.0.0.254-127.0.1.1,10.0.0.7",
    ])
    #expect(options.scenario == "room" && options.cluster == "c.json" && options.bound == 100 && options.findsRate)
    #expect(options.wire == .socketio && options.doors == .balancer && options.workers == 3)
    #expect(options.processes.map(\.name) == ["a", "b"] && options.processes.map(\.pid) == [1, 22])
    #expect(options.sources == ["127.0.0.254", "127.0.0.255", "127.0.1.0", "127.0.1.1", "10.0.0.7"])
  }

  @Test(
    "what is wrong gets a sentence that names it",
    arguments: [
      ([], "one scenario"), (["a"], "--target"), (["a", "b", "--target", "x"], "one scenario"),
      (["a", "--target", "x", "--cluster", "y"], "--target URL, or"), (["a", "--fast"], "--fast"),
      (["a", "--rate"], "--rate takes a value"), (["a", "--rate", "many"], "--rate takes a number"),
      (["a", "--workers", "0"], "from 1 to 64"), (["a", "--wire", "smoke"], "native or socketio or plain or"),
      (["a", "--sources", "127.0.0.9-127.0.0.2"], "--sources"), (["a", "--sources", "localhost"], "--sources"),
      (["a", "--sources", "1.2.3.4-"], "--sources"), (["a", "--pids", "a"], "name=pid"),
      (["a", "--pids", "a=0"], "pid"),
      (["a", "--p99", "1s"], "--p99"), (["a", "--p99", "0.001ms"], "--p99"),
      (["--compare", "a"], "two or more"), (["--compare", "a", "b"], "--report"),
      (["--compare", "a", "b", "--report", "c", "--target"], "--target takes a value"),
    ])
  func refused(arguments: [String], part: String) {
    let error = #expect(throws: BenchOptions.Wrong.self) { try BenchOptions(arguments) }
    #expect(error?.sentence.contains(part) == true, "\(error?.sentence ?? "")")
  }

  @Test(
    "a target's URL gives host, port, path and whether it is secure",
    arguments: [
      ("http://127.0.0.1:8000", "127.0.0.1", 8000, "/", false), ("ws://[::1]:9/a?b", "::1", 9, "/a?b", false),
      ("wss://chat.example/", "chat.example", 443, "/", true), ("ws://a", "a", 80, "/", false),
    ])
  func places(url: String, host: String, port: UInt16, path: String, isSecure: Bool) throws {
    let place = try #require(Target.Place(url))
    #expect(place.host == host && place.port == port && place.path == path && place.isSecure == isSecure)
    #expect(Target.Place(place.url) == place)
  }

  @Test(
    "what is no URL of a target is refused",
    arguments: ["", "ftp://a", "ws://", "ws://a:0", "ws://a:70000", "ws://a b", "ws://u@a", "ws://a/\r\nX: y", "a:1"])
  func noPlaces(url: String) { #expect(Target.Place(url) == nil) }

  @Test("a cluster's file gives its doors and its processes, of one Redis or several")
  func cluster() throws {
    let text = """
      {"main": "http://127.0.0.1:8000", "api": [{"url": "http://127.0.0.1:8010", "pid": 1}],
       "socket": [{"url": "http://127.0.0.1:8040", "pid": 2}, {"url": "http://127.0.0.1:8041", "pid": 3}],
       "loadbalancer": {"pid": 4}, "postgres": {"pid": 5}, "redis": {"pid": 6}}
      """
    var options = try BenchOptions(["a", "--cluster", "c", "--pids", "more=9"])
    let target = try Target(options) { _ in Array(text.utf8) }
    #expect(target.sockets.map(\.port) == [8040, 8041] && target.rest.map(\.port) == [8010])
    #expect(
      target.processes.map(\.name) == ["api-1", "socket-1", "socket-2", "haproxy", "postgres", "redis", "more"])
    options.doors = .balancer
    #expect(try Target(options) { _ in Array(text.utf8) }.sockets.map(\.port) == [8000])
    #expect(throws: BenchOptions.Wrong.self) { try Target(options) { _ in nil } }
    #expect(throws: BenchOptions.Wrong.self) { try Target(options) { _ in Array("{}".utf8) } }
  }
}
