/// Every `shares`-th arrival of an even process, from the `share`-th on.
///
/// The time of arrival `i` is `i / rate`, rounded to a nanosecond, without drift: the rate is taken
/// as the exact fraction that a `Double` is, and the division is carried on with its remainder.
struct EvenArrivals: Sendable {
  /// Lower rates have gaps of weeks; the lower bound keeps the fraction inside 128 bits.
  static let rateMin = 1e-6
  static let rateMax = 1e9

  private let whole: UInt64
  private let part: UInt64
  private let divisor: UInt64
  private var time: UInt64
  private var rest: UInt64
  private var isOver = false

  /// `nil` for a rate (per second, of all shares together) outside ``rateMin`` to ``rateMax``.
  init?(rate: Double, share: Int, shares: Int) {
    guard rate >= Self.rateMin, rate <= Self.rateMax, shares <= 1 << 16 else { return nil }
    // rate = divisor / 2^shift exactly, for the 53 bits of the rate end above the fraction's point.
    let shift = 61 - Int(rate.exponent)
    let divisor = UInt64(Double(sign: .plus, exponent: shift, significand: rate))
    let second = UInt128(1_000_000_000) << UInt128(shift)
    let step = (second * UInt128(shares)).quotientAndRemainder(dividingBy: UInt128(divisor))
    let first = (second * UInt128(share) + UInt128(divisor / 2))
      .quotientAndRemainder(dividingBy: UInt128(divisor))
    self.divisor = divisor
    whole = UInt64(clamping: step.quotient)
    part = UInt64(step.remainder)
    time = UInt64(clamping: first.quotient)
    rest = UInt64(first.remainder)
  }

  mutating func next() -> Int64? {
    guard !isOver, let result = Int64(exactly: time) else { return nil }
    rest &+= part
    let carry: UInt64 = rest >= divisor ? 1 : 0
    if carry == 1 { rest &-= divisor }
    let (sum, overflow) = time.addingReportingOverflow(whole)
    isOver = overflow
    time = sum &+ carry
    return result
  }
}
