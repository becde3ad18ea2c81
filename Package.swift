// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every target: see docs/decisions/0001-package-settings.md.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOTLS", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let unixSignals = Target.Dependency.product(
  name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// A room: one target in `Sources/`, in the order of the table in ARCHITECTURE.md.
func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// The tests of one room.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [])
  -> Target
{
  .testTarget(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "needletail",
  platforms: [.macOS(.v26)],
  products: [
    .executable(name: "needletail", targets: ["NeedletailCommand"]),
    .library(name: "Needletail", targets: ["Needletail"]),
    .library(name: "NeedletailTesting", targets: ["NeedletailTesting"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    // System libraries.
    .systemLibrary(
      name: "CNghttp2", pkgConfig: "libnghttp2",
      providers: [.apt(["libnghttp2-dev"]), .brew(["libnghttp2"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

    // The rooms, lowest first.
    room("Tensors", [nioCore]),
    room("Timing", []),
    .target(name: "CThreads"),
    .target(name: "COnnxRuntime"),
    room("ModelRuntimes", ["Tensors", "Timing", "COnnxRuntime", nioCore]),
    room(
      "ModelStore", ["Tensors", "Timing", "CThreads", "ModelRuntimes", protobuf, logging]),
    room("Admission", ["Timing"]),
    room("Batching", ["Timing", "Admission", deque]),
    room(
      "Inference",
      [
        "Tensors", "Timing", "CThreads", "ModelRuntimes", "ModelStore", "Admission", "Batching",
        nioCore, logging,
      ]),
    room("Windowing", []),
    room("Rules", []),
    room("Definitions", ["Rules", yams]),
    room("Features", ["Timing", "CThreads", "Windowing", "Rules", "Definitions", "CZlib", yams]),
    room("Records", ["Timing", "CThreads", grdb, crypto]),
    room(
      "Decisions",
      [
        "Tensors", "Timing", "ModelRuntimes", "Inference", "Rules", "Definitions", "Features",
        "Records", nioCore, deque, crypto, yams,
      ]),
    room("Monitoring", ["Timing", "ModelStore", "Inference", logging]),
    room(
      "Gateway",
      [
        "Tensors", "Timing", "ModelRuntimes", "ModelStore", "Admission", "Inference", "Rules",
        "Features", "Records", "Decisions", "Monitoring", "CNghttp2", "CZlib", nioCore, nioPosix,
        nioSSL, protobuf, logging,
      ]),
    room(
      "LoadGenerator",
      [
        "Tensors", "Timing", "ModelRuntimes", "Inference", "Definitions", "Gateway", "CNghttp2",
        nioCore, nioPosix, nioTLS, nioSSL, deque, protobuf, yams,
      ]),
    room(
      "Needletail",
      [
        "Timing", "ModelRuntimes", "ModelStore", "Inference", "Features", "Records", "Decisions",
        nioCore, nioPosix, logging,
      ]),
    room(
      "NeedletailTesting",
      ["Tensors", "Timing", "ModelRuntimes", "ModelStore", "Inference", nioCore]),
    .executableTarget(
      name: "NeedletailCommand",
      dependencies: [
        "Tensors", "Timing", "ModelRuntimes", "ModelStore", "Inference", "Monitoring", "Gateway",
        "LoadGenerator", "Rules", "Definitions", "Features", "Records", "Decisions", nioCore,
        nioPosix, nioSSL, logging, unixSignals, argumentParser, yams,
      ],
      swiftSettings: strict),

    // The tests.
    tests(
      "GatewayTests",
      [
        "Tensors", "Timing", "ModelRuntimes", "ModelStore", "Inference", "Rules", "Features",
        "Records", "Decisions", "Monitoring", "Gateway", "NeedletailTesting", "CNghttp2", nioCore,
        nioPosix, nioHTTP1, nioEmbedded, nioSSL, protobuf, logging,
      ],
      resources: [.copy("Corpus")]),
    tests(
      "LoadGeneratorTests",
      [
        "LoadGenerator", "Tensors", "Timing", "ModelRuntimes", "ModelStore", "Inference",
        "Definitions", "Gateway", "NeedletailTesting", "CNghttp2", nioCore, nioPosix, nioHTTP1,
        nioEmbedded, nioSSL, protobuf, logging,
      ]),
    tests(
      "CommandTests",
      [
        "NeedletailCommand", "ModelStore", "Monitoring", "Tensors", "LoadGenerator", "Rules",
        argumentParser,
      ]),
    tests("NeedletailTests", ["Needletail"]),
    tests("TidyTests", []),
    tests(
      "ModelStoreTests",
      ["Tensors", "Timing", "ModelRuntimes", "ModelStore", nioCore, protobuf, logging]),
    tests("MonitoringTests", ["Inference", "Monitoring", "Timing", logging]),
    tests("AdmissionTests", ["Admission", "Timing"]),
    tests("BatchingTests", ["Admission", "Batching", "Timing"]),
    tests(
      "InferenceTests",
      ["Tensors", "Timing", "ModelRuntimes", "ModelStore", "Inference", nioCore, logging]),
    tests("TensorsTests", ["Tensors", nioCore]),
    tests(
      "ModelRuntimesTests", ["ModelRuntimes", "Tensors", "Timing", nioCore],
      resources: [.copy("Models")]),
    tests("TimingTests", ["Timing"]),
    tests("WindowingTests", ["Windowing"]),
    tests("FeaturesTests", ["Features", "Definitions", "Rules", "Windowing"]),
    tests("RecordsTests", ["Records", "Timing", grdb, crypto]),
    tests(
      "DecisionsTests",
      [
        "Decisions", "Tensors", "Timing", "ModelRuntimes", "ModelStore", "Inference", "Rules",
        "Definitions", "Features", "Records", "NeedletailTesting", nioCore, nioPosix, logging,
      ]),
    tests("RulesTests", ["Rules"], resources: [.copy("cases.json")]),
  ]
)
