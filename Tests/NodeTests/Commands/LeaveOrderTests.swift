import Testing

@testable import Node

@Suite("martlet drain and doctor --live")
struct LeaveOrderTests {
  @Test("the options of drain are taken in any order")
  func options() throws {
    let order = try LeaveOrder(["--least", "10", "--wait", "--pid", "42"])
    #expect(order.pid == 42 && order.waits && order.leastSeconds == 10)
    #expect(try LeaveOrder([]).pid == 1, "the first process of a container")
  }

  @Test(
    "what drain and doctor do not know is refused with 2",
    arguments: [
      ["drain", "--pid"], ["drain", "--pid", "0"], ["drain", "--pid", "-1"], ["drain", "--pid", "x"],
      ["drain", "--least", "3601"], ["drain", "--now"], ["doctor", "--dead"], ["doctor", "--live", "--ready"],
      ["doctor", "--logs", "--live"],
    ])
  func refused(arguments: [String]) {
    #expect(Program.run(arguments: arguments, environment: [:]) == 2)
  }

  @Test("no signal goes to a process that is no node", arguments: ["1", "2147483647"])
  func stranger(pid: String) {
    #expect(Program.run(arguments: ["drain", "--pid", pid], environment: [:]) == 1)
  }

  @Test("a node that nobody answers for does not live")
  func nobody() {
    let nowhere = ["MARTLET_PROBE_LISTEN": "127.0.0.1:1"]
    #expect(Program.run(arguments: ["doctor", "--live"], environment: nowhere) == 1)
  }

  @Test("doctor names the settings of a certificate that cannot be read, and asks for none where there is none")
  func certificate() throws {
    var serving = ServingConfiguration()
    #expect(Doctor.checkTLS(serving))
    (serving.certificateFile, serving.keyFile) = ("/nowhere.pem", "/nowhere.key")
    #expect(!Doctor.checkTLS(serving))
    let failure = #expect(throws: StartFailure.self) { try NodeProcess.tls(serving) }
    #expect(failure?.description.hasPrefix("MARTLET_TLS_CERTIFICATE_FILE and MARTLET_TLS_KEY_FILE") == true)
  }

  @Test("a node that speaks TLS only is not asked in plain text")
  func tls() {
    let settings = ["MARTLET_TLS_CERTIFICATE_FILE": "/a", "MARTLET_TLS_KEY_FILE": "/b"]
    #expect(Program.run(arguments: ["doctor", "--live"], environment: settings) == 1)
  }

  @Test("clients are the WebSockets and those who poll, each once")
  func clients() {
    let text = """
      martlet_websockets 3
      martlet_engine_sessions{transport="polling"} 2
      martlet_engine_sessions{transport="websocket"} 1
      martlet_websockets_other 9
      """
    #expect(OwnNode.clients(in: text) == 5)
  }
}
