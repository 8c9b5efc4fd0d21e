// swift-tools-version: 6.2
import PackageDescription

/// One array of strict settings for every Swift target: what the compiler can refuse, it refuses.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A module of the product and, beside it, its tests.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: ["Documentation.docc"], swiftSettings: strict)
}

/// A module that carries files which are not Swift (SQL, Lua), embedded into the binary.
func module(_ name: String, _ dependencies: [Target.Dependency], embedding files: [String]) -> Target {
  .target(
    name: name, dependencies: dependencies, exclude: ["Documentation.docc"],
    resources: files.map { .embedInCode($0) }, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.target(name: name)] + dependencies, exclude: exclude,
    swiftSettings: strict)
}

let foundation: [Target] = [
  .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
  .systemLibrary(name: "CHiredis", providers: [.apt(["libhiredis-dev"])]),
  .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
  .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
  .systemLibrary(name: "CCrypt", providers: [.apt(["libcrypt-dev"])]),
  .target(name: "CLinux"),
  module("IORuntime", ["CLinux", "COpenSSL"]),
]

let codecs: [Target] = [
  module("HTTP1"),
  module("WebSocket", ["CZlib", "COpenSSL"]),
  module("EngineIO"),
  module("SocketIO"),
  module("JSONText"),
  module("Tokens", ["CCrypt", "COpenSSL", "CSodium", "JSONText"]),
]

let clients: [Target] = [
  module("Postgres", ["CPostgres", "IORuntime"]),
  module("Redis", ["CHiredis", "IORuntime"]),
]

let domain: [Target] = [
  module("ChatCore"),
  module("EntryText", ["ChatCore", "JSONText"]),
]

let adapters: [Target] = [
  module("PostgresStore", ["ChatCore", "EntryText", "JSONText", "Postgres", "IORuntime"], embedding: ["Migrations"]),
  module("RedisBroker", ["ChatCore", "EntryText", "JSONText", "Redis", "IORuntime"], embedding: ["Scripts"]),
  module("ObjectStore", ["ChatCore", "Client", "HTTP1", "IORuntime", "Tokens"]),
  module("Tracing", ["ChatCore", "Client", "HTTP1", "IORuntime", "JSONText"]),
  module("MemoryAdapters", ["ChatCore"]),
]

let doors: [Target] = [
  module("Serving", ["IORuntime", "HTTP1", "WebSocket"]),
  module("EngineServing", ["IORuntime", "HTTP1", "WebSocket", "Serving", "EngineIO", "SocketIO"]),
  module("Client", ["IORuntime", "HTTP1", "WebSocket"]),
  module("Peering", ["IORuntime", "HTTP1", "Serving", "EngineServing", "Client", "Tokens"]),
  module("API", ["ChatCore", "EntryText", "HTTP1", "JSONText"]),
  module("Delivery", ["ChatCore"]),
  module("Realtime", ["ChatCore", "EntryText", "JSONText", "Delivery", "SocketIO"]),
  module("Dialects", ["ChatCore", "HTTP1", "JSONText", "Tokens", "Delivery"]),
  module("Importing", ["ChatCore", "JSONText"]),
  module("Bench", ["CLinux", "IORuntime", "HTTP1", "WebSocket", "JSONText", "Client"]),
]

let node: [Target] = [
  module(
    "Node",
    [
      "ChatCore", "EntryText", "IORuntime", "HTTP1", "WebSocket", "JSONText", "Tokens", "Postgres", "Redis",
      "PostgresStore", "RedisBroker", "MemoryAdapters", "Serving", "API", "Delivery", "Realtime", "Client",
      "Dialects", "EngineIO", "SocketIO", "EngineServing", "Peering",
      "ObjectStore", "Importing", "Bench", "Tracing",
    ]),
  .executableTarget(name: "martlet", dependencies: ["Node"], swiftSettings: strict),
]

let testing: [Target] = [
  .target(name: "CCounting"),
  .executableTarget(
    name: "micro",
    dependencies: [
      "CCounting", "ChatCore", "Delivery", "EngineIO", "EntryText", "HTTP1", "IORuntime", "JSONText", "MemoryAdapters",
      "Postgres", "PostgresStore", "Realtime", "SocketIO", "TestKit", "WebSocket",
    ], path: "Sources/Micro", exclude: ["Documentation.docc"], swiftSettings: strict),
  .executableTarget(
    name: "conformance-fixture",
    dependencies: [
      "IORuntime", "HTTP1", "WebSocket", "Serving", "EngineIO", "SocketIO", "EngineServing", "Tokens", "JSONText",
    ], path: "Sources/ConformanceFixture", exclude: ["Documentation.docc"], swiftSettings: strict),
  .target(
    name: "TestKit",
    dependencies: ["ChatCore", "MemoryAdapters", "Delivery", "IORuntime", "Client", "HTTP1", "JSONText"],
    path: "Sources/TestKit",
    exclude: ["Documentation.docc"], swiftSettings: strict),
  tests("IORuntime", ["TestKit", "CLinux"]),
  tests("HTTP1", ["TestKit"]),
  tests("WebSocket", ["CZlib", "TestKit"]),
  tests("EngineIO", ["TestKit"]),
  tests("SocketIO", ["TestKit"]),
  tests("JSONText", ["TestKit"]),
  tests("Tokens", ["JSONText", "TestKit"]),
  tests("Postgres", ["IORuntime", "TestKit"]),
  tests("Redis", ["IORuntime", "TestKit"]),
  tests("ChatCore", ["MemoryAdapters", "TestKit"]),
  tests("EntryText", ["ChatCore", "JSONText", "TestKit"]),
  tests("PostgresStore", ["ChatCore", "Postgres", "IORuntime", "TestKit"]),
  tests("RedisBroker", ["ChatCore", "EntryText", "Redis", "IORuntime", "TestKit"]),
  tests("ObjectStore", ["ChatCore", "Client", "IORuntime", "MemoryAdapters", "TestKit"], exclude: ["service.py"]),
  tests("Tracing", ["ChatCore", "Client", "HTTP1", "IORuntime", "JSONText", "MemoryAdapters", "Serving", "TestKit"]),
  tests("MemoryAdapters", ["ChatCore", "IORuntime", "TestKit"]),
  tests("Serving", ["IORuntime", "HTTP1", "WebSocket", "TestKit"]),
  tests("EngineServing", ["IORuntime", "HTTP1", "WebSocket", "Serving", "EngineIO", "JSONText", "Client", "TestKit"]),
  tests("Client", ["IORuntime", "HTTP1", "WebSocket", "TestKit"]),
  tests("Peering", ["IORuntime", "HTTP1", "WebSocket", "Serving", "EngineIO", "EngineServing", "Client", "TestKit"]),
  tests("API", ["ChatCore", "EntryText", "HTTP1", "JSONText", "MemoryAdapters", "TestKit"]),
  tests("Delivery", ["ChatCore", "MemoryAdapters", "TestKit"]),
  tests("Realtime", ["API", "ChatCore", "EntryText", "JSONText", "Delivery", "MemoryAdapters", "SocketIO", "TestKit"]),
  tests(
    "Dialects",
    ["API", "ChatCore", "HTTP1", "IORuntime", "JSONText", "Tokens", "Delivery", "MemoryAdapters", "TestKit"],
    exclude: ["Transcripts"]),
  tests("Bench", ["HTTP1", "IORuntime", "JSONText", "Serving", "TestKit", "WebSocket"]),
  tests("Importing", ["ChatCore", "MemoryAdapters", "TestKit"]),
  tests(
    "Node",
    [
      "ChatCore", "Client", "Delivery", "EngineIO", "EngineServing", "HTTP1", "Importing", "IORuntime",
      "MemoryAdapters", "Realtime", "Serving", "SocketIO", "Tokens", "TestKit",
    ]),
  .testTarget(
    name: "ClusterTests",
    dependencies: [
      "TestKit", "ChatCore", "Client", "Delivery", "MemoryAdapters", "IORuntime", "JSONText", "WebSocket", "HTTP1",
      "Redis", "RedisBroker",
    ], exclude: ["Exports"],
    swiftSettings: strict),
  .testTarget(
    name: "ConformanceTests", dependencies: ["conformance-fixture", "TestKit", "JSONText", "Tokens"],
    swiftSettings: strict),
  .testTarget(name: "TidyTests", swiftSettings: strict),
]

let package = Package(
  name: "martlet",
  products: [.executable(name: "martlet", targets: ["martlet"])],
  targets: foundation + codecs + clients + domain + adapters + doors + node + testing
)
