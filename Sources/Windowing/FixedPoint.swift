/// Numbers in 128-bit fixed point with 40 binary places (9·10⁻¹³).
///
/// A value is rounded once; from then on sums are exact, so neither the order of arrival, nor
/// eviction, nor merging changes a bit of a result.
enum FixedPoint {
  static let places = 40
  private static let scale = 0x1p40

  /// `value` (finite, at most 2^80 in magnitude) to the nearest multiple of 2^-40, ties to even.
  @inline(__always)
  static func rounded(_ value: Double) -> Int128 {
    var scaled = value * scale
    // Adding and taking away 1.5·2^52 rounds as well, and takes no call.
    if abs(scaled) < 0x1p51 { return Int128(Int64((scaled + 0x1.8p52) - 0x1.8p52)) }
    // From 2^52 on there is nothing behind the point.
    if abs(scaled) < 0x1p52 { scaled = scaled.rounded(.toNearestOrEven) }
    if abs(scaled) < 0x1p62 { return Int128(Int64(scaled)) }
    // 53 significant bits and a shift: exact.
    let shift = Int(scaled.exponent) - 52
    let significand = Int64(scaled / Double(sign: .plus, exponent: shift, significand: 1))
    return Int128(significand) << Int128(shift)
  }

  /// The nearest double of a fixed-point sum.
  @inline(__always)
  static func double(_ value: Int128) -> Double {
    if let small = Int64(exactly: value) { return Double(small) / scale }
    let pair = DoublePair(value)
    return (pair.high + pair.low) / scale
  }

  /// The sample variance from the count, the sum and the sum of squares, all exact: the
  /// subtraction is done in 106 bits, so that a large mean does not eat the digits.
  static func variance(count: Int64, sum: Int128, squares: Int128) -> Double {
    let n = Double(count)
    let total = DoublePair(sum).scaled(by: 1 / scale)
    let square = (total * total).divided(by: n)
    let difference = DoublePair(squares).scaled(by: 1 / scale) - square
    return max(0, (difference.high + difference.low) / (n - 1))
  }
}

/// The unevaluated sum of two doubles: 106 significant bits.
///
/// Error-free transformations after T. J. Dekker, "A floating-point technique for extending the
/// available precision" (1971), with fused multiply-add.
struct DoublePair {
  var high: Double
  var low: Double

  init(high: Double, low: Double) {
    self.high = high
    self.low = low
  }

  /// The pair nearest to an integer; exact up to 106 bits.
  init(_ value: Int128) {
    let magnitude = value.magnitude
    let upper = Double(UInt64(truncatingIfNeeded: magnitude >> 64)) * 0x1p64
    let middle = Double(UInt32(truncatingIfNeeded: magnitude >> 32)) * 0x1p32
    let lower = Double(UInt32(truncatingIfNeeded: magnitude))
    let first = Self.sum(upper, middle)
    let second = Self.sum(first.high, lower)
    let rest = first.low + second.low
    let total = Self.sum(second.high, rest)
    self = value < 0 ? DoublePair(high: -total.high, low: -total.low) : total
  }

  /// Times a power of two.
  func scaled(by power: Double) -> DoublePair { DoublePair(high: high * power, low: low * power) }

  static func * (a: DoublePair, b: DoublePair) -> DoublePair {
    let product = a.high * b.high
    let error = (-product).addingProduct(a.high, b.high)
    return quickSum(product, error + (a.high * b.low + a.low * b.high))
  }

  static func - (a: DoublePair, b: DoublePair) -> DoublePair {
    let difference = sum(a.high, -b.high)
    return quickSum(difference.high, difference.low + (a.low - b.low))
  }

  func divided(by divisor: Double) -> DoublePair {
    let quotient = high / divisor
    let rest = (-quotient * divisor).isFinite ? high.addingProduct(-quotient, divisor) : 0
    return Self.quickSum(quotient, (rest + low) / divisor)
  }

  private static func sum(_ a: Double, _ b: Double) -> DoublePair {
    let total = a + b
    let part = total - a
    return DoublePair(high: total, low: (a - (total - part)) + (b - part))
  }

  /// For `a` at least as large as `b` in magnitude.
  private static func quickSum(_ a: Double, _ b: Double) -> DoublePair {
    let total = a + b
    return DoublePair(high: total, low: b - (total - a))
  }
}
