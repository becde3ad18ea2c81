/// Instants from bytes: RFC 3339, or a number of units since 1970.
enum InstantText {
  /// The instants that events may have: 1900 up to 2200, in nanoseconds since 1970.
  static let range: Range<Int64> = -2_208_988_800_000_000_000..<7_258_118_400_000_000_000

  /// Nanoseconds since 1970; `nil` if malformed or outside ``range``.
  static func nanoseconds(
    _ bytes: Span<UInt8>, _ place: Range<Int>, unit: TimeUnit
  ) -> Int64? {
    let value: Int64?
    if let length = unit.length {
      value = NumberText.scaled(bytes, place, by: length)
    } else {
      value = rfc3339(bytes, place)
    }
    guard let value, range.contains(value) else { return nil }
    return value
  }

  /// How an instant of this unit must look.
  static func form(_ unit: TimeUnit) -> String {
    unit == .rfc3339
      ? "expected as in 2026-05-01T12:00:00Z, with its zone, from 1900 up to 2200"
      : "expected the \(unit.rawValue) since 1970 as a number, from 1900 up to 2200"
  }

  /// `YYYY-MM-DD`, `T` or a space, `hh:mm:ss[.fraction]`, `Z` or `±hh:mm`.
  private static func rfc3339(_ bytes: Span<UInt8>, _ place: Range<Int>) -> Int64? {
    let start = place.lowerBound
    guard place.count >= 20, place.count <= 35,
      let year = number(bytes, start, 4), bytes[start + 4] == UInt8(ascii: "-"),
      let month = number(bytes, start + 5, 2), bytes[start + 7] == UInt8(ascii: "-"),
      let day = number(bytes, start + 8, 2), isSeparator(bytes[start + 10]),
      let hour = number(bytes, start + 11, 2), bytes[start + 13] == UInt8(ascii: ":"),
      let minute = number(bytes, start + 14, 2), bytes[start + 16] == UInt8(ascii: ":"),
      let second = number(bytes, start + 17, 2), (1...12).contains(month), day >= 1,
      day <= days(in: month, of: year), hour < 24, minute < 60, second < 60,
      (1800...2300).contains(year)
    else { return nil }
    var index = start + 19
    var fraction: Int64 = 0
    if bytes[index] == UInt8(ascii: ".") {
      var scale: Int64 = 1_000_000_000
      index += 1
      let first = index
      while index < place.upperBound, let digit = NumberText.digit(bytes[index]) {
        guard scale > 1 else { return nil }
        scale /= 10
        fraction += digit * scale
        index += 1
      }
      guard index > first else { return nil }
    }
    guard let shift = zone(bytes, index, place.upperBound) else { return nil }
    let seconds = dayNumber(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    return (seconds - shift) * 1_000_000_000 + fraction
  }

  /// Seconds that the zone is ahead of UTC.
  private static func zone(_ bytes: Span<UInt8>, _ index: Int, _ end: Int) -> Int64? {
    guard index < end else { return nil }
    if bytes[index] | 0x20 == UInt8(ascii: "z") { return index + 1 == end ? 0 : nil }
    let isBehind = bytes[index] == UInt8(ascii: "-")
    guard isBehind || bytes[index] == UInt8(ascii: "+"), index + 6 == end,
      let hours = number(bytes, index + 1, 2), bytes[index + 3] == UInt8(ascii: ":"),
      let minutes = number(bytes, index + 4, 2), hours < 24, minutes < 60
    else { return nil }
    let shift = hours * 3_600 + minutes * 60
    return isBehind ? -shift : shift
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte | 0x20 == UInt8(ascii: "t") || byte == UInt8(ascii: " ")
  }

  private static func number(_ bytes: Span<UInt8>, _ start: Int, _ count: Int) -> Int64? {
    var value: Int64 = 0
    for index in start..<start + count {
      guard let digit = NumberText.digit(bytes[index]) else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  private static func days(in month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01, after H. Hinnant, "chrono-compatible low-level date algorithms".
  private static func dayNumber(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let ofEra = shifted - era * 400
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }
}

/// Instants as users write them.
package enum Instant {
  /// Nanoseconds since 1970 of a date and time of RFC 3339; `nil` if it is none.
  package static func parse(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    return InstantText.nanoseconds(bytes.span, 0..<bytes.count, unit: .rfc3339)
  }
}
