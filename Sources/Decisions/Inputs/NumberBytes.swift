/// Numbers of JSON from their bytes, which have its form already.
enum NumberBytes {
  /// A whole number of 64 bits; `nil` if it is not one.
  static func integer(_ bytes: [UInt8], _ range: Range<Int>) -> Int64? {
    var value: Int64 = 0
    let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
    for index in range.dropFirst(isNegative ? 1 : 0) {
      let digit = Int64(bytes[index]) - 0x30
      guard (0..<10).contains(digit) else { return nil }
      let (product, overflows) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflowed) =
        isNegative
        ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if overflows || overflowed { return nil }
      value = sum
    }
    return value
  }

  /// A finite number, correctly rounded; `nil` if it is too large.
  static func double(_ bytes: [UInt8], _ range: Range<Int>) -> Double? {
    if let value = simple(bytes, range) { return value }
    let text = String(decoding: bytes[range], as: UTF8.self)
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }

  /// Up to 15 digits with a point: both operands are exact, so one division rounds correctly.
  private static func simple(_ bytes: [UInt8], _ range: Range<Int>) -> Double? {
    guard range.count <= 16 else { return nil }
    var digits: UInt64 = 0
    var scale = 0
    var hasPoint = false
    let isNegative = bytes[range.lowerBound] == UInt8(ascii: "-")
    for index in range.dropFirst(isNegative ? 1 : 0) {
      let digit = bytes[index] &- 0x30
      if digit < 10 {
        digits = digits * 10 + UInt64(digit)
        if hasPoint { scale += 1 }
      } else if bytes[index] == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else {
        return nil
      }
    }
    guard digits < 1 << 53 else { return nil }
    let value = Double(digits) / powers[scale]
    return isNegative ? -value : value
  }

  private static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
  ]
}
