import ChatCore
import Serving
import Testing

@testable import Node

/// A cluster node's environment with nothing wrong in it.
let rightEnvironment = [
  "MARTLET_DATABASE_URL": "postgresql://martlet:geheim@127.0.0.1:5432/martlet",
  "MARTLET_REDIS_URL": "redis://127.0.0.1:6379",
  "MARTLET_TOKEN_KEYS": "k1:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  "MARTLET_REFRESH_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
]

/// The configuration of an environment, or the sentences that refuse it.
func outcome(
  _ changes: [String: String] = [:], for purpose: ConfigurationPurpose = .serve, files: [String: String] = [:]
) -> Result<Configuration, ConfigurationError> {
  let environment = rightEnvironment.merging(changes) { $1 }
  return Result { () throws(ConfigurationError) in
    try Configuration.read(environment, for: purpose, file: { files[$0] })
  }
}

func sentences(
  _ changes: [String: String], for purpose: ConfigurationPurpose = .serve, files: [String: String] = [:]
) -> [String] {
  switch outcome(changes, for: purpose, files: files) {
  case .success: []
  case .failure(let error): error.sentences
  }
}

@Suite struct ConfigurationReadTests {
  @Test("a right environment is taken")
  func right() throws {
    let configuration = try outcome(["MARTLET_TOKEN_LIFETIME_S": "7", "PATH": "/bin"]).get()
    #expect(configuration.shared.tokenLifetimeSeconds == 7)
    #expect(configuration.secrets.tokenKeys.map(\.id) == ["k1"])
    #expect(configuration.secrets.refreshKey?.revealed == (0..<32).map { UInt8($0) })
    #expect(configuration.secrets.tokenKeys.first?.secret == configuration.secrets.refreshKey)
    #expect(configuration.database.url?.revealed.hasSuffix("/martlet") == true)
  }

  @Test("every wrong setting is named at once")
  func allAtOnce() {
    let wrong = sentences([
      "MARTLET_LOOPS": "many", "MARTLET_LOG_LEVEL": "loud", "MARTLET_DEFLATE": "yes", "MARTLET_RATE_SEND": "500",
      "MARTLET_LISTEN": "here", "MARTLET_DATABASE_POOL": "0", "MARTLET_REFRESH_KEY": "short",
    ])
    #expect(wrong.count == 7)
    for name in ["LOOPS", "LOG_LEVEL", "DEFLATE", "RATE_SEND", "LISTEN", "DATABASE_POOL", "REFRESH_KEY"] {
      #expect(wrong.contains { $0.hasPrefix("MARTLET_\(name) ") && $0.hasSuffix(".") }, "\(name)")
    }
  }

  @Test("an unknown setting is refused, and the nearest known one named")
  func unknown() {
    #expect(
      sentences(["MARTLET_DATABSE_POOL": "3"]) == [
        "MARTLET_DATABSE_POOL is no setting of Martlet; did you mean MARTLET_DATABASE_POOL?"
      ])
    #expect(sentences(["MARTLET_COLOUR_SCHEME": "3"]) == ["MARTLET_COLOUR_SCHEME is no setting of Martlet."])
    #expect(sentences(["MARTLET_LISTEN_FILE": "/x"]).count == 1)
  }

  @Test("a node without its database, broker and keys does not start, dev does")
  func missing() throws {
    let none = rightEnvironment.mapValues { _ in "" }
    let wrong = sentences(none)
    #expect(wrong.count == 4)
    #expect(wrong.allSatisfy { $0.contains(" is missing (or MARTLET_") })
    let development = try outcome(none, for: .develop).get()
    #expect(development.secrets.tokenKeys.isEmpty && development.secrets.refreshKey == nil)
  }

  @Test("a purpose asks only for what it needs")
  func purposes() {
    let none = rightEnvironment.mapValues { _ in "" }
    #expect(sentences(none, for: .migrate).map { $0.prefix(21) } == ["MARTLET_DATABASE_URL "])
    #expect(sentences(none, for: .token).count == 3 && !sentences(none, for: .token).joined().contains("REDIS"))
  }

  @Test("a secret may come from a file, without the line's end")
  func files() throws {
    let changes = ["MARTLET_REFRESH_KEY": "", "MARTLET_REFRESH_KEY_FILE": "/run/key"]
    let key = rightEnvironment["MARTLET_REFRESH_KEY"]
    let configuration = try outcome(changes, files: ["/run/key": key ?? ""]).get()
    #expect(configuration.secrets.refreshKey?.revealed.count == 32)
    #expect(sentences(changes, files: [:]).first?.contains("cannot be read") == true)
    #expect(sentences(changes, files: ["/run/key": ""]).first?.contains("is empty") == true)
    let both = ["MARTLET_REFRESH_KEY_FILE": "/run/key"]
    #expect(sentences(both, files: ["/run/key": "x"]).first?.contains("set one of them") == true)
  }

  @Test("no ping interval is so long that a poll which waits for the ping is given up before")
  func pings() {
    let name = "MARTLET_SOCKETIO_PING_INTERVAL_MS"
    #expect(sentences([name: "50000"]).isEmpty)
    for value in [50_001, Int(ServingLimits().answerMilliseconds)] { #expect(sentences([name: "\(value)"]).count == 1) }
  }

  @Test("settings that contradict each other are refused together")
  func contradictions() {
    let pem = "-----BEGIN PRIVATE KEY-----"
    #expect(sentences(["MARTLET_TLS_KEY_FILE": "k.pem"]).count == 1)
    #expect(sentences(["MARTLET_TOKEN_KEY": pem]).first?.contains("both set") == true)
    #expect(sentences(["MARTLET_TOKEN_KEYS": "", "MARTLET_TOKEN_KEY": pem]).isEmpty)
    let narrow = ["MARTLET_LIMIT_TEXT_BYTES": "65536", "MARTLET_LIMIT_FRAME_BYTES": "65536"]
    #expect(sentences(narrow).first?.hasPrefix("MARTLET_LIMIT_FRAME_BYTES") == true)
    #expect(sentences(["MARTLET_LIMIT_TEXT_BYTES": "32768"]).isEmpty)
    let longest = ["MARTLET_LIMIT_PAGE": "1000", "MARTLET_LIMIT_TEXT_BYTES": "65536"]
    #expect(sentences(longest).first?.hasPrefix("MARTLET_LIMIT_ANSWERS_BYTES") == true)
    #expect(sentences(longest.merging(["MARTLET_LIMIT_ANSWERS_BYTES": "150000000"]) { $1 }).isEmpty)
    #expect(sentences(longest.merging(["MARTLET_DIALECTS": "none"]) { $1 }).isEmpty)
    let listening = ["MARTLET_DIALECTS": "none", "MARTLET_DIALECT_LISTEN": "umoc=127.0.0.1:5004"]
    #expect(sentences(longest.merging(listening) { $1 }).count == 1)
    let (listen, address) = ("MARTLET_PRIVATE_LISTEN", "MARTLET_PRIVATE_ADDRESS")
    #expect(sentences([listen: "10.0.0.7:9101"]).isEmpty)
    #expect(sentences([listen: "0.0.0.0:9101", address: "10.0.0.7:9101"]).isEmpty)
    #expect(sentences([listen: "0.0.0.0:9101"]).first?.contains(address) == true)
    #expect(sentences([listen: "[::]:9101"]).count == 1)
    #expect(sentences([address: "10.0.0.7:9101"]).first?.contains(listen) == true)
    let choices = "realtime.password_min=8,umoc.password_min=8,realtime.password_min=9"
    let twice = sentences(["MARTLET_DIALECT_OPTIONS": choices])
    #expect(twice == ["MARTLET_DIALECT_OPTIONS chooses realtime.password_min twice."])
    let keys = ["MARTLET_S3_ACCESS_KEY": "a", "MARTLET_S3_SECRET_KEY": "b"]
    #expect(sentences(keys).first?.contains("without MARTLET_S3_URL") == true)
    #expect(sentences(keys.merging(["MARTLET_S3_URL": "https://s3.example.org/files"]) { $1 }).isEmpty)
    #expect(sentences([listen: "0.0.0.0:1", address: "0.0.0.0:1"]).count == 1)
    #expect(sentences(["MARTLET_LIMIT_FRAME_BYTES": "2000000"]).first?.contains("SEND_QUEUE_BYTES") == true)
  }

  @Test("what is no UTF-8 is refused instead of being taken for another text")
  func encoding() {
    for name in ["MARTLET_NODE_ID", "MARTLET_DATABASE_URL", "MARTLET_S3_SECRET_KEY", "MARTLET_TLS_KEY_FILE"] {
      let value = (rightEnvironment[name] ?? "") + String(decoding: [0xE9] as [UInt8], as: UTF8.self)
      #expect(sentences([name: value]) == ["\(name) is no text in UTF-8."])
    }
  }

  @Test("a list of nothing but commas and blanks is refused", arguments: [",", " ", " , ,"])
  func emptyLists(value: String) {
    for name in ["TOKEN_KEYS", "TRUSTED_PROXIES", "ORIGINS", "DIALECTS", "DIALECT_LISTEN", "DIALECT_OPTIONS"] {
      let wrong = sentences(["MARTLET_\(name)": value])
      #expect(wrong.count == 1 && wrong.first?.hasPrefix("MARTLET_\(name) ") == true, "\(name) \(wrong)")
    }
  }

  @Test("a complaint is one line that can be read, whatever was written")
  func oneLine() {
    let wrong = sentences(["MARTLET_LOOPS": "4\n", "MARTLET_NODE_ID": String(repeating: "x\u{1b}", count: 9_000)])
    #expect(wrong.first { $0.hasPrefix("MARTLET_LOOPS ") }?.hasPrefix("MARTLET_LOOPS is '4?', and is") == true)
    #expect(wrong.count == 2 && wrong.allSatisfy { $0.count < 500 && !$0.contains("\n") && !$0.contains("\u{1b}") })
  }

  @Test("no complaint repeats a secret")
  func quiet() {
    let secret = "hunter2hunter2"
    for row in Reference.rows where row.isSecret {
      for sentence in sentences([row.variable: secret]) { #expect(!sentence.contains(secret), "\(row.name)") }
    }
  }
}
