/// Numbers from bytes, strictly and without allocating where they have at most 15 digits.
enum NumberText {
  /// A whole number of 64 bits; `nil` if it is not one.
  static func integer(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int64? {
    var index = range.lowerBound
    let isNegative = index < range.upperBound && bytes[index] == UInt8(ascii: "-")
    if isNegative { index += 1 }
    guard index < range.upperBound else { return nil }
    var value: Int64 = 0
    while index < range.upperBound {
      guard let digit = digit(bytes[index]) else { return nil }
      let (product, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowed) =
        isNegative
        ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if overflows || overflowed { return nil }
      value = sum
      index += 1
    }
    return value
  }

  /// A finite decimal number, correctly rounded; `nil` if it is not one.
  static func double(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Double? {
    guard let parts = decimal(bytes, range) else { return nil }
    if parts.isComplete, parts.digits <= 1 << 53, abs(parts.exponent) <= 22 {
      // Both operands are exact, so one rounding is all there is (W. D. Clinger, 1990).
      let magnitude = Double(parts.digits)
      let value =
        parts.exponent < 0
        ? magnitude / powers[-parts.exponent] : magnitude * powers[parts.exponent]
      return parts.isNegative ? -value : value
    }
    var text = ""
    for index in range { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
    guard let value = Double(text), value.isFinite else { return nil }
    return value
  }

  /// A decimal number times `unit`, if that is a whole number of 64 bits.
  static func scaled(_ bytes: Span<UInt8>, _ range: Range<Int>, by unit: Int64) -> Int64? {
    guard let parts = decimal(bytes, range), parts.isComplete else { return nil }
    var value = Int128(parts.digits) * Int128(unit)
    guard abs(parts.exponent) <= 18 else { return parts.digits == 0 ? 0 : nil }
    for _ in 0..<abs(parts.exponent) {
      if parts.exponent > 0 {
        value *= 10
      } else {
        guard value % 10 == 0 else { return nil }
        value /= 10
      }
      guard abs(value) < 1 << 100 else { return nil }
    }
    return Int64(exactly: parts.isNegative ? -value : value)
  }

  private struct Decimal {
    var isNegative = false
    var digits: UInt64 = 0
    var exponent = 0
    /// Whether `digits` holds all of them.
    var isComplete = true
  }

  private static func decimal(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Decimal? {
    var result = Decimal()
    var index = range.lowerBound
    let end = range.upperBound
    guard index < end, end - index <= 400 else { return nil }
    result.isNegative = bytes[index] == UInt8(ascii: "-")
    if result.isNegative { index += 1 }
    var seen = 0
    var point = -1
    while index < end {
      if let digit = digit(bytes[index]) {
        seen += 1
        if result.digits < 900_000_000_000_000_000 {
          result.digits = result.digits * 10 + UInt64(digit)
        } else {
          result.isComplete = false
          result.exponent += 1
        }
        if point >= 0 { result.exponent -= 1 }
      } else if bytes[index] == UInt8(ascii: "."), point < 0, seen > 0 {
        point = index
      } else {
        break
      }
      index += 1
    }
    guard seen > 0, point != index - 1 || point < 0 else { return nil }
    guard index < end else { return result }
    guard bytes[index] | 0x20 == UInt8(ascii: "e"), let shift = exponent(bytes, index + 1, end)
    else { return nil }
    result.exponent += shift
    return result
  }

  private static func exponent(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
    var index = start
    guard index < end else { return nil }
    let isNegative = bytes[index] == UInt8(ascii: "-")
    if isNegative || bytes[index] == UInt8(ascii: "+") { index += 1 }
    guard index < end else { return nil }
    var value = 0
    while index < end {
      guard let digit = digit(bytes[index]) else { return nil }
      value = min(value * 10 + Int(digit), 100_000)
      index += 1
    }
    return isNegative ? -value : value
  }

  @inline(__always)
  static func digit(_ byte: UInt8) -> Int64? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? Int64(value) : nil
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
