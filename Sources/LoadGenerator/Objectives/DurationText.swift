/// Durations as people write them.
package enum DurationText {
  /// Units from the longest name on, so that `ms` is not read as `s`.
  private static let units: [(name: String, decimals: Int, factor: Int64)] = [
    ("min", 9, 60), ("ns", 0, 1), ("us", 3, 1), ("µs", 3, 1), ("μs", 3, 1), ("ms", 6, 1),
    ("s", 9, 1), ("m", 9, 60), ("h", 9, 3600),
  ]
  /// Longer durations are slips: 31 years.
  private static let largest: Int64 = 1_000_000_000_000_000_000

  /// Reads `5ms`, `1.5s`, `200 us`, `2m`, `0`: a decimal number and a unit (ns, us, ms, s, m or
  /// min, h), which only 0 may lack.
  ///
  /// - Returns: nanoseconds, not negative.
  /// - Throws: ``BenchInputError`` with the text and the form it must have.
  package static func parse(_ text: String) throws(BenchInputError) -> Int64 {
    let trimmed = text.trimmed
    if trimmed == "0" { return 0 }
    for unit in units where trimmed.hasSuffix(unit.name) {
      let number = trimmed.dropLast(unit.name.count).trimmed
      // The shorter unit of `5ms` would leave `5m`, which is no number.
      guard let scaled = DecimalText.scaled(number.utf8, decimals: unit.decimals) else { continue }
      let (product, overflow) = scaled.multipliedReportingOverflow(by: unit.factor)
      guard !overflow, product <= largest else {
        throw BenchInputError("the duration '\(clip(text))' is too long; use at most 270000h")
      }
      return product
    }
    throw BenchInputError(
      "'\(clip(text))' is no duration; write a number and its unit "
        + "(ns, us, ms, s, m, h), for example 5ms or 1.5s")
  }

  /// Three significant digits in the unit that fits: `850 ns`, `4.21 ms`, `5 s`; whole minutes and
  /// hours as such: `2 min`, `24 h`. ``parse(_:)`` reads it.
  package static func format(_ nanoseconds: Int64) -> String {
    let minute: Int64 = 60_000_000_000
    guard nanoseconds >= 0 else { return "-" + format(nanoseconds == .min ? .max : -nanoseconds) }
    if nanoseconds >= 60 * minute, nanoseconds % (60 * minute) == 0 {
      return "\(nanoseconds / (60 * minute)) h"
    }
    if nanoseconds > minute, nanoseconds % minute == 0 { return "\(nanoseconds / minute) min" }
    return format(Double(nanoseconds))
  }

  /// The same for a mean or a difference: nanoseconds with a fraction, finite; no minutes.
  package static func format(_ nanoseconds: Double) -> String {
    let size = abs(nanoseconds)
    // A value that rounds to 1000 of its unit is 1 of the next.
    if size < 999.5 { return DecimalText.short(nanoseconds) + " ns" }
    if size < 999.5e3 { return DecimalText.short(nanoseconds / 1e3) + " us" }
    if size < 999.5e6 { return DecimalText.short(nanoseconds / 1e6) + " ms" }
    return DecimalText.short(nanoseconds / 1e9) + " s"
  }

  private static func clip(_ text: String) -> String { String(text.prefix(80)) }
}
