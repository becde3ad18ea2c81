/// One model as it lies in a repository: `<repository>/<model>/<version>/<file>`.
struct ModelFolder: Sendable {
  static let configurationFileName = "config.pbtxt"

  var name: String
  var path: String
  /// The numbers of the version folders, ascending.
  var versions: [Int64]
  /// Each version's files.
  var versionStamps: [Int64: [FileStamp]]
  /// The files that concern every version: the configuration, labels, warm-up data.
  var sharedStamps: [FileStamp]

  var configurationPath: String { path + "/" + Self.configurationFileName }
  var hasConfiguration: Bool { FileAccess.isFile(configurationPath) }

  /// Looks at a model's folder; blocking.
  init(name: String, path: String) {
    self.name = name
    self.path = path
    versions = []
    versionStamps = [:]
    sharedStamps = []
    for entry in FileAccess.names(in: path) ?? [] {
      let entryPath = path + "/" + entry
      guard let status = FileAccess.status(entryPath) else { continue }
      switch status.kind {
      case .file: sharedStamps.append(status.stamp)
      case .directory:
        if let version = Self.version(of: entry) {
          versions.append(version)
          versionStamps[version] = FileAccess.stamps(in: entryPath)
        } else if entry == "warmup" {
          sharedStamps += FileAccess.stamps(in: entryPath)
        }
      }
    }
    versions.sort()
  }

  /// The version a folder's name stands for: a decimal number of at least 1, as it is printed.
  static func version(of name: String) -> Int64? {
    guard let number = Int64(name), number >= 1, String(number) == name else { return nil }
    return number
  }

  /// The configuration as it lies in the folder; one that says nothing where there is none.
  func readConfiguration() throws(ConfigurationFailure) -> ParsedConfiguration {
    guard FileAccess.status(configurationPath) != nil else {
      return ParsedConfiguration(file: configurationPath)
    }
    let limit = ConfigurationLimits.byteCountMax
    guard let bytes = FileAccess.read(configurationPath, byteCountMax: limit) else {
      throw ConfigurationFailure([
        ConfigurationProblem(
          file: configurationPath,
          message: "the configuration cannot be read or is larger than \(limit) bytes")
      ])
    }
    return try ParsedConfiguration(text: bytes, file: configurationPath)
  }
}

extension ParsedConfiguration {
  /// The versions of `available` that the version policy serves, ascending.
  package func servedVersions(of available: [Int64]) -> [Int64] {
    switch message.versionPolicy.policyChoice {
    case .all?: return available.sorted()
    case .specific(let specific)?: return available.filter(specific.versions.contains).sorted()
    case .latest(let latest)?:
      return Array(available.sorted().suffix(max(1, Int(latest.numVersions))))
    case nil: return Array(available.sorted().suffix(1))
    }
  }

  /// Why the version policy serves none of `available`.
  func noVersionText(of available: [Int64]) -> String {
    if available.isEmpty { return "the model has no version folder such as '1'" }
    return "the version policy serves none of the versions "
      + available.map(String.init).joined(separator: ", ")
  }
}
