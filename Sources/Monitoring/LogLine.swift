package import Logging

/// One log line: its parts, and its text in each ``LogFormat``.
package struct LogLine: Sendable {
  /// The wall clock, in nanoseconds since 1970.
  package var wallNanoseconds: Int64
  package var level: Logger.Level
  package var process: Int32
  package var label: String
  package var message: String
  package var metadata: Logger.Metadata

  package init(
    wallNanoseconds: Int64, level: Logger.Level, process: Int32, label: String, message: String,
    metadata: Logger.Metadata
  ) {
    self.wallNanoseconds = wallNanoseconds
    self.level = level
    self.process = process
    self.label = label
    self.message = message
    self.metadata = metadata
  }

  /// The line's text with its final newline. Newlines inside are escaped, so a line stays a line.
  package func text(_ format: LogFormat) -> String {
    switch format {
    case .plain: plain
    case .iso8601: iso8601
    case .json: json
    }
  }

  private var plain: String {
    let time = CivilTime(wallNanoseconds: wallNanoseconds)
    return "\(letter)\(pad(time.month, 2))\(pad(time.day, 2)) \(clock(time))."
      + "\(pad(time.nanosecond / 1_000, 6)) \(process) \(label)] \(escapedMessage)\(pairs)\n"
  }

  private var iso8601: String {
    let time = CivilTime(wallNanoseconds: wallNanoseconds)
    return "\(date(time))T\(clock(time))Z \(letter) \(process) \(label)] "
      + "\(escapedMessage)\(pairs)\n"
  }

  private var json: String {
    let time = CivilTime(wallNanoseconds: wallNanoseconds)
    var result = "{\"time\":\"\(date(time))T\(clock(time)).\(pad(time.nanosecond / 1_000, 6))Z\""
    result += ",\"level\":\"\(level.rawValue)\",\"pid\":\(process)"
    result += ",\"label\":\(JSONText.quoted(label)),\"message\":\(JSONText.quoted(message))"
    for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
      result += ",\(JSONText.quoted(key)):\(JSONText.quoted("\(value)"))"
    }
    return result + "}\n"
  }

  private var letter: String {
    switch level {
    case .trace, .debug: "V"
    case .info, .notice: "I"
    case .warning: "W"
    case .error: "E"
    case .critical: "F"
    }
  }

  private var escapedMessage: String {
    message.utf8.contains(where: { $0 < 0x20 }) ? JSONText.quoted(message) : message
  }

  private var pairs: String {
    metadata.sorted { $0.key < $1.key }
      .map { " \($0.key)=\(Self.pairValue("\($0.value)"))" }.joined()
  }

  /// A value bare where it is one plain word, quoted otherwise.
  private static func pairValue(_ value: String) -> String {
    let plain = value.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x7F }
    return plain && !value.isEmpty ? value : JSONText.quoted(value)
  }

  private func date(_ time: CivilTime) -> String {
    "\(pad(time.year, 4))-\(pad(time.month, 2))-\(pad(time.day, 2))"
  }

  private func clock(_ time: CivilTime) -> String {
    "\(pad(time.hour, 2)):\(pad(time.minute, 2)):\(pad(time.second, 2))"
  }

  private func pad(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

/// A wall-clock instant as a calendar date and time of day, in UTC.
struct CivilTime: Equatable {
  var year, month, day, hour, minute, second, nanosecond: Int

  /// The Gregorian date of `wallNanoseconds` since 1970.
  init(wallNanoseconds: Int64) {
    let perDay: Int64 = 86_400_000_000_000
    var days = Int(wallNanoseconds / perDay)
    var rest = Int(wallNanoseconds % perDay)
    if rest < 0 {
      rest += Int(perDay)
      days -= 1
    }
    nanosecond = rest % 1_000_000_000
    second = rest / 1_000_000_000 % 60
    minute = rest / 60_000_000_000 % 60
    hour = rest / 3_600_000_000_000
    // Days since 0000-03-01, in eras of 400 years: leap days then fall at the end of a year.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }
}
