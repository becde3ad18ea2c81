/// Durations and timestamps as text: `1h30m`, `2026-05-01T12:00:00.5Z`.
package enum TimeText {
  /// The nanoseconds of numbers with units (h, m, s, ms, us, ns), as `-1.5s` or `1h30m`; `nil` if
  /// malformed or beyond 64 bits.
  package static func duration(_ text: String) -> Int64? {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative || rest.first == "+" { rest = rest.dropFirst() }
    if rest == "0" { return 0 }
    var total: Int64 = 0
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      guard let part = durationPart(&rest, isNegative: isNegative) else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(part)
      guard !overflow else { return nil }
      total = sum
    }
    return total
  }

  /// One number with its unit, taken off the text.
  private static func durationPart(_ rest: inout Substring, isNegative: Bool) -> Int64? {
    let whole = rest.prefix { $0.isASCII && $0.isNumber }
    rest = rest.dropFirst(whole.count)
    var fraction: Substring = ""
    if rest.first == "." {
      fraction = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(1 + fraction.count)
    }
    let name = rest.prefix { $0.isLetter }
    rest = rest.dropFirst(name.count)
    let units: [Substring: Int64] = [
      "h": 3_600_000_000_000, "m": 60_000_000_000, "s": 1_000_000_000, "ms": 1_000_000,
      "us": 1_000, "µs": 1_000, "ns": 1,
    ]
    guard let unit = units[name], !(whole.isEmpty && fraction.isEmpty),
      let number = Int64((isNegative ? "-" : "") + (whole.isEmpty ? "0" : whole))
    else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    guard !overflow else { return nil }
    var part: Int64 = 0
    var scale = unit
    for digit in fraction {
      scale /= 10
      part += Int64(digit.wholeNumberValue ?? 0) * scale
    }
    let (sum, overflows) = product.addingReportingOverflow(isNegative ? -part : part)
    return overflows ? nil : sum
  }

  /// The nanoseconds since 1970 of a date and time of RFC 3339; `nil` if malformed or outside the
  /// years 1678 to 2261.
  package static func timestamp(_ text: String) -> Int64? {
    var reader = TimestampReader(Array(text.utf8))
    return reader.read()
  }

  /// A duration in seconds, as `90s` or `0.25s`.
  package static func text(duration nanoseconds: Int64) -> String {
    let sign = nanoseconds < 0 ? "-" : ""
    let magnitude = nanoseconds.magnitude
    return sign + "\(magnitude / 1_000_000_000)" + fraction(magnitude % 1_000_000_000) + "s"
  }

  /// A timestamp as RFC 3339 in UTC.
  package static func text(timestamp nanoseconds: Int64) -> String {
    let second: Int64 = 1_000_000_000
    let seconds = Program.floorQuotient(nanoseconds, second)
    let date = CivilDate(daysSince1970: Program.floorQuotient(seconds, 86_400))
    let ofDay = Program.floorModulo(seconds, 86_400)
    let rest = fraction(UInt64(Program.floorModulo(nanoseconds, second)))
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
      + "\(padded(ofDay / 3_600, 2)):\(padded(ofDay / 60 % 60, 2)):\(padded(ofDay % 60, 2))"
      + rest + "Z"
  }

  private static func fraction(_ nanoseconds: UInt64) -> String {
    guard nanoseconds > 0 else { return "" }
    var digits = padded(Int64(nanoseconds), 9)
    while digits.last == "0" { digits.removeLast() }
    return "." + digits
  }

  private static func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

/// Reads `YYYY-MM-DDThh:mm:ss[.fraction](Z|±hh:mm)`.
private struct TimestampReader {
  private let bytes: [UInt8]
  private var index = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func read() -> Int64? {
    guard let year = number(4), accept("-"), let month = number(2), accept("-"),
      let day = number(2), accept("T") || accept("t"), let hour = number(2), accept(":"),
      let minute = number(2), accept(":"), let second = number(2), let fraction = fraction(),
      let shift = zone(), index == bytes.count, (1...12).contains(month), day >= 1, hour < 24,
      minute < 60, second < 60
    else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    guard CivilDate(daysSince1970: date.daysSince1970) == date, (1678...2261).contains(year)
    else { return nil }
    let seconds = date.daysSince1970 * 86_400 + hour * 3_600 + minute * 60 + second - shift
    return seconds * 1_000_000_000 + fraction
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  private mutating func number(_ digits: Int) -> Int64? {
    guard index + digits <= bytes.count else { return nil }
    var value: Int64 = 0
    for _ in 0..<digits {
      guard Lexer.isDigit(bytes[index]) else { return nil }
      value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
      index += 1
    }
    return value
  }

  /// Up to nine digits after a point, as nanoseconds; 0 without a point.
  private mutating func fraction() -> Int64? {
    guard accept(".") else { return 0 }
    var value: Int64 = 0
    var scale: Int64 = 1_000_000_000
    let start = index
    while index < bytes.count, Lexer.isDigit(bytes[index]), index - start < 9 {
      scale /= 10
      value += Int64(bytes[index] - UInt8(ascii: "0")) * scale
      index += 1
    }
    return index > start ? value : nil
  }

  /// Seconds that the zone is ahead of UTC.
  private mutating func zone() -> Int64? {
    if accept("Z") || accept("z") { return 0 }
    let isBehind = accept("-")
    guard isBehind || accept("+"), let hours = number(2), accept(":"), let minutes = number(2),
      hours < 24, minutes < 60
    else { return nil }
    let shift = hours * 3_600 + minutes * 60
    return isBehind ? -shift : shift
  }
}
