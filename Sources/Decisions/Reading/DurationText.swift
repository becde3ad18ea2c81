/// Durations as pipeline files write them: a number and its unit, `250us`, `5ms`, `1.5s`.
enum DurationText {
  static let form = "write a number and its unit: 250us, 5ms, 1.5s or 1m"

  private static let units: [Substring: Double] = [
    "us": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9,
  ]

  /// Nanoseconds; `nil` if malformed, signed, or over ten minutes.
  static func nanoseconds(_ text: String) -> Int64? {
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard let number = Double(digits), let unit = units[text.dropFirst(digits.count)],
      number.isFinite, number * unit <= 600e9
    else { return nil }
    return Int64((number * unit).rounded())
  }

  /// The shortest text of a duration.
  static func text(_ nanoseconds: Int64) -> String {
    if nanoseconds % 1_000_000_000 == 0 { return "\(nanoseconds / 1_000_000_000)s" }
    if nanoseconds % 1_000_000 == 0 { return "\(nanoseconds / 1_000_000)ms" }
    return "\(nanoseconds / 1_000)us"
  }
}
