/// Spans of time as feature files write them: a number and its unit, `90s`, `5m`, `24h`, `7d`.
enum SpanText {
  static let form = "write a number and its unit: 500ms, 60s, 5m, 24h, 7d or 2w"

  private static let units: [Substring: Int64] = [
    "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
    "d": 86_400_000_000_000, "w": 604_800_000_000_000,
  ]

  /// Nanoseconds; `nil` if malformed, signed, or beyond 64 bits.
  static func nanoseconds(_ text: String) -> Int64? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int64(digits), let unit = units[text.dropFirst(digits.count)] else {
      return text == "0" ? 0 : nil
    }
    let (product, overflow) = number.multipliedReportingOverflow(by: unit)
    return overflow ? nil : product
  }

  /// The shortest text of a span.
  static func text(_ nanoseconds: Int64) -> String {
    for (name, unit) in [("w", "w"), ("d", "d"), ("h", "h"), ("m", "m"), ("s", "s")] {
      guard let length = units[Substring(unit)], nanoseconds >= length else { continue }
      if nanoseconds % length == 0 { return "\(nanoseconds / length)\(name)" }
    }
    return "\(nanoseconds / 1_000_000)ms"
  }
}
