/// What is logged, how and where to.
package struct LogSettings: Sendable, Equatable {
  /// Where lines go; empty for the standard error stream. Set at start only.
  package var logFile = ""
  package var logInfo = true
  package var logWarning = true
  package var logError = true
  /// 0 logs no details, 1 debug lines, 2 and above trace lines too.
  package var verboseLevel: UInt32 = 0
  /// `default`, `ISO8601` or `json`.
  package var format = "default"

  package init() {}
}

/// One value of a change to the log settings, as the protocols carry it.
package enum LogSettingValue: Sendable, Equatable {
  case bool(Bool)
  case number(UInt64)
  case text(String)
}

/// How a log line is laid out.
package enum LogFormat: String, Sendable, CaseIterable {
  /// `I0520 20:03:25.829575 3355 label] message key=value`
  case plain = "default"
  /// `2024-05-20T20:03:26Z I 3415 label] message key=value`
  case iso8601 = "ISO8601"
  /// One JSON object a line.
  case json = "json"
}

extension LogSettings {
  /// These settings with `changes` applied, all or none.
  ///
  /// - Throws: ``SettingsError`` for an unknown setting, a value of the wrong kind or out of range,
  ///   and for `log_file`, which is fixed at start.
  package func applying(_ changes: [String: LogSettingValue]) throws(SettingsError) -> LogSettings {
    var result = self
    for (name, value) in changes.sorted(by: { $0.key < $1.key }) {
      switch name {
      case "log_info": result.logInfo = try Self.bool(name, value)
      case "log_warning": result.logWarning = try Self.bool(name, value)
      case "log_error": result.logError = try Self.bool(name, value)
      case "log_verbose_level": result.verboseLevel = try Self.level(name, value)
      case "log_format": result.format = try Self.format(name, value)
      case "log_file":
        throw SettingsError(
          "log file location can not be updated through network protocol; "
            + "set log_file in the configuration and start the server again")
      default:
        throw SettingsError(
          "unknown log setting '\(name)'; the settings are log_info, log_warning, log_error, "
            + "log_verbose_level and log_format")
      }
    }
    return result
  }

  private static func bool(_ name: String, _ value: LogSettingValue) throws(SettingsError) -> Bool {
    guard case .bool(let flag) = value else {
      throw SettingsError("'\(name)' must be true or false, got \(value.text)")
    }
    return flag
  }

  private static func level(
    _ name: String, _ value: LogSettingValue
  ) throws(SettingsError) -> UInt32 {
    guard case .number(let number) = value, let level = UInt32(exactly: number),
      level <= UInt32(Int32.max)
    else {
      throw SettingsError(
        "'\(name)' must be a number from 0 to \(Int32.max), got \(value.text)")
    }
    return level
  }

  private static func format(
    _ name: String, _ value: LogSettingValue
  ) throws(SettingsError) -> String {
    guard case .text(let text) = value, LogFormat(rawValue: text) != nil else {
      throw SettingsError(
        "invalid argument for '\(name)', got \(value.text); use default, ISO8601 or json")
    }
    return text
  }
}

extension LogSettingValue {
  /// The value as an error message shows it.
  var text: String {
    switch self {
    case .bool(let flag): "\(flag)"
    case .number(let number): "\(number)"
    case .text(let text): "'\(text.prefix(64))'"
    }
  }
}
