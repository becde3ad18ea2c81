// swift-tools-version: 6.2
import PackageDescription

// In a project of your own, give the package's URL in place of the path.
let package = Package(
  name: "shop",
  platforms: [.macOS(.v26)],
  dependencies: [.package(name: "needletail", path: "../..")],
  targets: [
    .executableTarget(
      name: "Shop", dependencies: [.product(name: "Needletail", package: "needletail")])
  ]
)
