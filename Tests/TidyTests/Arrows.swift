/// Who may know whom (style.md): for each module, all others that it may import.
///
/// Package.swift must say the same. An arrow that is not here is a decision to be made first, here and in the page.
enum Arrows {
  static let allowed: [String: Set<String>] = [
    "martlet": ["Node"],
    "Node": [
      "ChatCore", "EntryText", "IORuntime", "HTTP1", "WebSocket", "JSONText", "Tokens", "Postgres", "Redis",
      "PostgresStore", "RedisBroker", "MemoryAdapters", "Serving", "API", "Delivery", "Realtime", "Client",
      "Dialects", "EngineIO", "SocketIO", "EngineServing", "Peering",
      "ObjectStore", "Importing", "Bench", "Tracing",
    ],
    // A client of servers by their wires alone, so that it measures others as it measures us.
    "Bench": ["CLinux", "IORuntime", "HTTP1", "WebSocket", "JSONText", "Client"],
    // A door too, for files instead of clients: it words records and refusals, and knows no store.
    "Importing": ["ChatCore", "JSONText"],
    "API": ["ChatCore", "EntryText", "HTTP1", "JSONText"],
    "Realtime": ["ChatCore", "EntryText", "JSONText", "Delivery", "SocketIO"],
    // Its rows are told what HTTP and JSON bring, write ids by the cipher, and hear events from the hub.
    "Dialects": ["ChatCore", "HTTP1", "JSONText", "Tokens", "Delivery"],
    "Delivery": ["ChatCore"],
    "Client": ["IORuntime", "HTTP1", "WebSocket"],
    "EngineServing": ["IORuntime", "HTTP1", "WebSocket", "Serving", "EngineIO", "SocketIO"],
    // A node is another node's client, and seals what it says to it.
    "Peering": ["IORuntime", "HTTP1", "Serving", "EngineServing", "Client", "Tokens"],
    "ConformanceFixture": [
      "IORuntime", "HTTP1", "WebSocket", "Serving", "EngineIO", "SocketIO", "EngineServing", "Tokens", "JSONText",
    ],
    // Counts what the parts cost that are done for every message; not installed.
    "Micro": [
      "CCounting", "ChatCore", "Delivery", "EngineIO", "EntryText", "HTTP1", "IORuntime", "JSONText", "MemoryAdapters",
      "Postgres", "PostgresStore", "Realtime", "SocketIO", "TestKit", "WebSocket",
    ],
    "Serving": ["IORuntime", "HTTP1", "WebSocket"],
    "PostgresStore": ["ChatCore", "EntryText", "JSONText", "Postgres", "IORuntime"],
    "RedisBroker": ["ChatCore", "EntryText", "JSONText", "Redis", "IORuntime"],
    "ObjectStore": ["ChatCore", "Client", "HTTP1", "IORuntime", "Tokens"],
    // Fills the domain's tracer, and is a client of a collector.
    "Tracing": ["ChatCore", "Client", "HTTP1", "IORuntime", "JSONText"],
    "MemoryAdapters": ["ChatCore"],
    "EntryText": ["ChatCore", "JSONText"],
    "ChatCore": [],
    "Postgres": ["CPostgres", "IORuntime"],
    "Redis": ["CHiredis", "IORuntime"],
    "HTTP1": [],
    "WebSocket": ["CZlib", "COpenSSL"],
    "EngineIO": [],
    "SocketIO": [],
    "JSONText": [],
    "Tokens": ["CCrypt", "COpenSSL", "CSodium", "JSONText"],
    "IORuntime": ["CLinux", "COpenSSL"],
    "CLinux": [],
  ]

  /// What the toolchain and the system bring, and who may take it besides the table.
  static let toolchain: [String: Set<String>] = [
    "Glibc": Set(allowed.keys).subtracting(["ChatCore"]),
    "Synchronization": Set(allowed.keys),
    "CLinux": ["Node"],  // a log line is written without waiting, which Glibc's module cannot say
    "FoundationEssentials": ["API", "Node"],
  ]

  /// Codecs: bytes in, values out; nothing of ours but each other's texts.
  static let codecs: Set<String> = ["HTTP1", "WebSocket", "EngineIO", "SocketIO", "JSONText", "Tokens"]
  static let adapters: Set<String> = ["PostgresStore", "RedisBroker", "MemoryAdapters", "ObjectStore", "Tracing"]
  static let doors: Set<String> = ["API", "Realtime", "Delivery", "Dialects", "Importing"]

  /// The modules that a file imports.
  static func imports(of file: SourceFile) -> [(line: Int, module: String)] {
    file.code.lines.enumerated().compactMap { number, line in
      let words = line.split { $0 == " " || $0 == "." }
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count,
        words[..<at].allSatisfy({ $0.hasPrefix("@") || ["public", "package", "internal", "private"].contains($0) })
      else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "func", "var", "protocol", "typealias"]
      let next = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
      return (number, String(next))
    }
  }

  static func findings(in file: SourceFile) -> [String] {
    let known = allowed[file.module] ?? []
    return imports(of: file).compactMap { line, module in
      if known.contains(module) || toolchain[module]?.contains(file.module) == true { return nil }
      return file.finding(line, "\(file.module) may not know \(module)")
    }
  }

  /// The arrows that Package.swift gives to modules.
  static func declared(in package: SourceFile) -> [String: Set<String>] {
    var arrows: [String: Set<String>] = [:]
    let flat = package.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for call in flat.matches(of: /module\( ?"(\w+)"(?:, ?\[([^\]]*)\])?/) {
      arrows[String(call.1)] = names(call.2 ?? "")
    }
    for call in flat.matches(of: /\.executableTarget\(name: "(\w+)", dependencies: \[([^\]]*)\]/) {
      arrows[String(call.1)] = names(call.2)
    }
    return arrows
  }

  private static func names(_ list: Substring) -> Set<String> {
    Set(list.matches(of: /"(\w+)"/).map { String($0.1) })
  }
}
