// swift-tools-version: 6.2
import PackageDescription

/// The rooms that the measurements are of, built from the sources of the project itself.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "feature-benchmark",
  platforms: [.macOS(.v26)],
  dependencies: [.package(url: "https://github.com/jpsim/Yams", from: "6.2.2")],
  targets: [
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .target(name: "CThreads"),
    .target(name: "Timing", swiftSettings: strict),
    .target(name: "Windowing", swiftSettings: strict),
    .target(name: "Rules", swiftSettings: strict),
    .target(
      name: "Definitions", dependencies: ["Rules", .product(name: "Yams", package: "Yams")],
      swiftSettings: strict),
    .target(
      name: "Features",
      dependencies: [
        "Timing", "CThreads", "Windowing", "Rules", "Definitions", "CZlib",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "FeatureBenchmark", dependencies: ["Windowing", "Features"],
      swiftSettings: [.swiftLanguageMode(.v6)]),
  ]
)
