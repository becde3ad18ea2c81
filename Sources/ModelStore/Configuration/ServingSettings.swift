/// What a configuration says to this server alone, by `parameters` whose key starts with
/// `needletail.`; every other server ignores these.
///
/// | key | value |
/// | --- | --- |
/// | `needletail.execution` | `auto`, `inline` or `threads`: where the model runs |
/// | `needletail.cpu_affinity` | CPU indexes, `0,1`: where the model's threads run |
/// | `needletail.default_timeout_us` | the deadline of a request that brings none, microseconds |
/// | `needletail.alias.NAME` | a version number that requests may call NAME |
/// | `needletail.max_queue_rows` | the most rows that may wait |
/// | `needletail.max_queue_bytes` | the most input bytes that may wait |
/// | `needletail.execution_providers` | `cuda,cpu`: providers of the runtime in order |
/// | `needletail.provider.NAME.OPTION` | an option of one of those providers |
package struct ServingSettings: Sendable, Equatable {
  /// Where a model's runs happen.
  package enum Execution: String, Sendable, Equatable, CaseIterable {
    /// Chosen from the measured cost of a run.
    case auto
    /// On the thread that received the request.
    case inline
    /// On threads of the model's own.
    case threads
  }

  package var execution: Execution = .auto
  /// CPU indexes; empty pins nothing.
  package var cpuAffinity: [Int] = []
  /// Microseconds; 0 is none.
  package var defaultTimeoutMicroseconds: Int64 = 0
  /// Names of versions.
  package var aliases: [String: Int64] = [:]
  /// The most rows that may wait; `nil` where the configuration does not say.
  package var maxQueueRows: Int?
  /// The most input bytes that may wait; `nil` where the configuration does not say.
  package var maxQueueBytes: Int?
  /// Execution providers in order of preference; empty is the CPU.
  package var executionProviders: [String] = []
  /// The providers' options, by provider and option.
  package var providerOptions: [String: [String: String]] = [:]

  package init() {}

  static let prefix = "needletail."
  private static let knownKeys = [
    "execution", "cpu_affinity", "default_timeout_us", "alias.NAME", "max_queue_rows",
    "max_queue_bytes", "execution_providers", "provider.NAME.OPTION",
  ]

  /// Reads the settings of `parsed`; what is wrong is added to `problems`.
  init(_ parsed: ParsedConfiguration, problems: inout [ConfigurationProblem]) {
    for (key, parameter) in parsed.message.parameters.sorted(by: { $0.key < $1.key })
    where key.hasPrefix(Self.prefix) {
      let value = parameter.stringValue
      guard let problem = apply(String(key.dropFirst(Self.prefix.count)), value) else { continue }
      problems.append(
        parsed.problem(
          at: "parameters[\"\(key)\"]", "the parameter '\(key)' \(problem.message)",
          fix: problem.fix))
    }
  }

  /// Applies one key without its prefix; returns what is wrong with it.
  private mutating func apply(_ key: String, _ value: String) -> (message: String, fix: String)? {
    let found = "found '\(ConfigurationNode.cut(value))'"
    switch key {
    case "execution":
      guard let execution = Execution(rawValue: value) else {
        return ("takes auto, inline or threads, \(found)", "")
      }
      self.execution = execution
    case "cpu_affinity":
      guard let indexes = Self.indexes(value) else {
        return ("takes CPU indexes such as 0,1, \(found)", "")
      }
      cpuAffinity = indexes
    case "default_timeout_us":
      guard let number = Int64(value), number >= 0 else {
        return ("takes microseconds of at least 0, \(found)", "")
      }
      defaultTimeoutMicroseconds = number
    case "max_queue_rows":
      guard let number = Int(value), number >= 1 else {
        return ("takes a number of rows of at least 1, \(found)", "")
      }
      maxQueueRows = number
    case "max_queue_bytes":
      guard let number = Int(value), number >= 1 else {
        return ("takes a number of bytes of at least 1, \(found)", "")
      }
      maxQueueBytes = number
    case "execution_providers":
      let names = value.split(separator: ",").map { Self.trimmed($0) }
      guard !names.isEmpty, !names.contains("") else {
        return ("takes names of providers such as cuda,cpu, \(found)", "")
      }
      executionProviders = names
    case _ where key.hasPrefix("alias."):
      return add(alias: String(key.dropFirst("alias.".count)), value)
    case _ where key.hasPrefix("provider."):
      let parts = key.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else {
        return ("does not name a provider and an option", "write needletail.provider.NAME.OPTION")
      }
      providerOptions[String(parts[1]), default: [:]][String(parts[2])] = value
    default:
      return ("is unknown", NameSuggestion.fix(for: key, among: Self.knownKeys))
    }
    return nil
  }

  private mutating func add(
    alias: String, _ value: String
  ) -> (message: String, fix: String)? {
    if let reason = Self.aliasProblem(alias) { return (reason, "choose another name") }
    guard let version = Int64(value), version >= 1 else {
      return ("takes a version number, found '\(ConfigurationNode.cut(value))'", "")
    }
    aliases[alias] = version
    return nil
  }

  /// Why a name cannot be an alias; `nil` if it can.
  static func aliasProblem(_ alias: String) -> String? {
    if alias.isEmpty { return "names no alias" }
    if alias == "latest" { return "names 'latest', which is always the highest version" }
    if alias.utf8.allSatisfy(TextCursor.isDigit) { return "names a number, not an alias" }
    if alias.utf8.contains(UInt8(ascii: "/")) { return "names an alias with a '/'" }
    return nil
  }

  private static func trimmed(_ text: Substring) -> String {
    var rest = text
    while rest.first == " " { rest = rest.dropFirst() }
    while rest.last == " " { rest = rest.dropLast() }
    return String(rest)
  }

  private static func indexes(_ text: String) -> [Int]? {
    var result: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let index = Int(trimmed(part)), index >= 0, index < 4096, result.count < 4096 else {
        return nil
      }
      result.append(index)
    }
    return result
  }
}

/// What the server's own configuration file says of one model.
package struct ModelSettings: Sendable, Equatable {
  /// Names of versions; they come before those of the model's configuration.
  package var aliases: [String: Int64]
  /// `auto`, `inline` or `threads`; `nil` leaves the model's own choice.
  package var execution: String?
  /// The deadline of a request that brings none; `nil` leaves the model's own choice.
  package var defaultTimeoutMicroseconds: Int64?

  package init(
    aliases: [String: Int64] = [:], execution: String? = nil,
    defaultTimeoutMicroseconds: Int64? = nil
  ) {
    self.aliases = aliases
    self.execution = execution
    self.defaultTimeoutMicroseconds = defaultTimeoutMicroseconds
  }

  /// Puts these settings over `settings`; what is wrong is added to `problems`.
  func merge(
    into settings: inout ServingSettings, model: String, problems: inout [ConfigurationProblem]
  ) {
    let file = "settings of the model '\(model)'"
    for (alias, version) in aliases.sorted(by: { $0.key < $1.key }) {
      if let reason = ServingSettings.aliasProblem(alias) {
        problems.append(
          ConfigurationProblem(file: file, message: "the entry '\(alias)' of aliases \(reason)"))
      } else if version < 1 {
        problems.append(
          ConfigurationProblem(
            file: file, message: "the alias '\(alias)' names version \(version)",
            fix: "versions start at 1"))
      } else {
        settings.aliases[alias] = version
      }
    }
    if let execution {
      if let value = ServingSettings.Execution(rawValue: execution) {
        settings.execution = value
      } else {
        problems.append(
          ConfigurationProblem(
            file: file, message: "execution takes auto, inline or threads, found '\(execution)'"))
      }
    }
    if let timeout = defaultTimeoutMicroseconds {
      if timeout < 0 {
        problems.append(
          ConfigurationProblem(
            file: file, message: "the default timeout is \(timeout) us", fix: "use 0 or more"))
      } else {
        settings.defaultTimeoutMicroseconds = timeout
      }
    }
  }
}
