/// Rounds decimal numbers of up to 64 bits of digits to the nearest double, exactly.
enum DecimalRounding {
  /// The largest power of ten whose power of five fits into 64 bits.
  private static let exponentMax = 27

  /// `digits * 10^exponent`, rounded to the nearest, ties to even; `nil` if the exponent is too
  /// large for this way.
  static func double(digits: UInt64, exponent: Int) -> Double? {
    if digits == 0 { return 0 }
    if exponent == 0 { return Double(digits) }
    if exponent < -exponentMax || exponent > exponentMax { return nil }
    let isSmall = digits <= 1 << 53
    if exponent < 0 {
      if isSmall, exponent >= -22 { return Double(digits) / powersOfTen[-exponent] }
      return quotient(digits, tens: -exponent)
    }
    if isSmall, exponent <= 22 { return Double(digits) * powersOfTen[exponent] }
    return product(digits, tens: exponent)
  }

  /// `digits / 10^tens`, by one long division whose remainder says how to round.
  private static func quotient(_ digits: UInt64, tens: Int) -> Double {
    let five = powersOfFive[tens]
    let divisorShift = five.leadingZeroBitCount
    let divisor = five << UInt64(divisorShift)
    let digitShift = digits.leadingZeroBitCount
    var high = digits << UInt64(digitShift)
    var low: UInt64 = 0
    // value = high/divisor * 2^scale; the quotient of high:0 by divisor carries 2^64 more.
    var scale = divisorShift - digitShift - tens - 64
    if high >= divisor {
      low = high << 63
      high >>= 1
      scale += 1
    }
    let (quotient, remainder) = divisor.dividingFullWidth((high, low))
    return rounded(quotient, isInexact: remainder != 0, scale: scale)
  }

  private static func product(_ digits: UInt64, tens: Int) -> Double {
    let (high, low) = digits.multipliedFullWidth(by: powersOfFive[tens])
    if high == 0 { return rounded(low, isInexact: false, scale: tens) }
    let shift = high.leadingZeroBitCount
    let top = shift == 0 ? high : high << UInt64(shift) | low >> UInt64(64 - shift)
    let rest = shift == 0 ? low : low << UInt64(shift)
    return rounded(top, isInexact: rest != 0, scale: tens + 64 - shift)
  }

  /// `significand * 2^scale`, where `isInexact` says that a little is missing.
  private static func rounded(_ significand: UInt64, isInexact: Bool, scale: Int) -> Double {
    let shift = significand.leadingZeroBitCount
    let aligned = significand << UInt64(shift)
    var top = aligned >> 11
    let rest = aligned & 0x7FF
    let half: UInt64 = 0x400
    if rest > half || rest == half && (isInexact || top & 1 == 1) { top += 1 }
    return Double(
      sign: .plus, exponent: scale - shift + 11, significand: Double(top))
  }

  private static let powersOfTen: InlineArray<23, Double> = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
  ]

  private static let powersOfFive: InlineArray<28, UInt64> = {
    var powers = InlineArray<28, UInt64>(repeating: 1)
    for index in 1..<28 { powers[index] = powers[index - 1] * 5 }
    return powers
  }()
}
