/// Figures as people read them: three digits, a unit, and commas in long numbers.
package enum FigureText {
  /// A duration in nanoseconds: `812 ns`, `4.21 ms`, `12.3 s`; at most nine characters.
  package static func duration(_ nanoseconds: Double) -> String {
    guard nanoseconds.isFinite else { return "-" }
    if nanoseconds < 0 { return "-" + duration(-nanoseconds) }
    if nanoseconds == 0 { return "0" }
    if nanoseconds < 999.5 { return "\(fixed(nanoseconds, 0)) ns" }
    let units: [(size: Double, limit: Double, name: String)] = [
      (1e3, 999.5, "µs"), (1e6, 999.5, "ms"), (1e9, 9_999.5, "s"), (3.6e12, 9_999.5, "h"),
    ]
    for unit in units where nanoseconds / unit.size < unit.limit {
      return "\(digits(nanoseconds / unit.size)) \(unit.name)"
    }
    return "\(digits(nanoseconds / 86.4e12)) d"
  }

  /// A duration in nanoseconds.
  package static func duration(_ nanoseconds: Int64) -> String { duration(Double(nanoseconds)) }

  /// Requests a second: `2,000/s`, `0.50/s`.
  package static func rate(_ perSecond: Double) -> String {
    perSecond.isFinite ? "\(digits(perSecond))/s" : "-"
  }

  /// A whole number: `60,000`.
  package static func count(_ count: UInt64) -> String { grouped(String(count)) }

  /// A number of things: `1 thread`, `2 threads`.
  static func many(_ count: Int, _ thing: String) -> String {
    "\(grouped(String(count))) \(thing)" + (count == 1 ? "" : "s")
  }

  /// A part of a whole, 0 to 1: `99.98 %`. What is not quite all or nothing never reads as such.
  package static func share(_ share: Double) -> String {
    guard share.isFinite else { return "-" }
    let percent = share * 100
    if percent == 0 || percent == 100 { return "\(Int(percent)) %" }
    if percent > 0, percent < 0.0005 { return "<0.001 %" }
    if percent < 100, percent > 99.9995 { return ">99.999 %" }
    let isFine = (percent > 0 && percent < 0.1) || (percent < 100 && percent > 99.9)
    return "\(fixed(percent, isFine ? 3 : abs(percent) < 10 ? 2 : 1)) %"
  }

  /// Bytes in powers of ten: `602 kB`.
  package static func bytes(_ bytes: Double) -> String {
    guard bytes.isFinite else { return "-" }
    if bytes < 0 { return "-" + Self.bytes(-bytes) }
    if bytes < 999.5 { return "\(fixed(bytes, 0)) B" }
    var size = 1e3
    for name in ["kB", "MB", "GB", "TB"] {
      if bytes / size < 999.5 { return "\(digits(bytes / size)) \(name)" }
      size *= 1e3
    }
    return "\(digits(bytes / 1e15)) PB"
  }

  /// A factor: `0.92x`.
  package static func ratio(_ ratio: Double) -> String {
    ratio.isFinite ? "\(abs(ratio) < 10 ? fixed(ratio, 3) : digits(ratio))x" : "-"
  }

  /// A value of a comparison in its unit.
  package static func value(_ value: Double, _ unit: ComparisonResult.Unit) -> String {
    switch unit {
    case .nanoseconds: duration(value)
    case .perSecond: rate(value)
    case .share: share(value)
    case .bytes: bytes(value)
    case .count: digits(value)
    }
  }

  /// Three digits, or all of them where the number is longer.
  package static func digits(_ value: Double) -> String {
    let size = abs(value)
    return fixed(value, size < 9.995 ? 2 : size < 99.95 ? 1 : 0)
  }

  /// A number with so many digits after the point (0 to 6), and commas before it.
  package static func fixed(_ value: Double, _ places: Int) -> String {
    let scale = [1.0, 10, 100, 1_000, 10_000, 100_000, 1_000_000][min(6, max(0, places))]
    let scaled = (abs(value) * scale).rounded()
    guard value.isFinite, scaled < 9e18 else { return value.isFinite ? "\(value)" : "-" }
    let whole = UInt64(scaled) / UInt64(scale)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard places > 0 else { return sign + grouped(String(whole)) }
    let part = String(UInt64(scaled) % UInt64(scale))
    let zeros = String(repeating: "0", count: max(0, min(6, places) - part.count))
    return "\(sign)\(grouped(String(whole))).\(zeros)\(part)"
  }

  /// Text from elsewhere, fit for a terminal: control characters, which could move its cursor or
  /// change its colours, become spaces, and at most `limit` characters are kept.
  package static func printable(_ text: String, limit: Int = 400) -> String {
    var result = ""
    var count = 0
    for character in text {
      guard count < limit else { return result + "…" }
      let isControl = character.unicodeScalars.contains {
        $0.properties.generalCategory == .control || $0.properties.generalCategory == .format
          || $0.properties.generalCategory == .lineSeparator
          || $0.properties.generalCategory == .paragraphSeparator
      }
      result.append(isControl ? " " : character)
      count += 1
    }
    return result
  }

  private static func grouped(_ digits: String) -> String {
    guard digits.count > 3 else { return digits }
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }
}
