import Testing

@testable import Windowing

@Suite struct FixedPointTests {
  /// To the nearest multiple of 2⁻⁴⁰, ties to even, in whole numbers.
  private func reference(_ value: Double) -> Int128 {
    guard value != 0 else { return 0 }
    let significand = Int128(Int64(value.significandBitPattern | 1 << 52))
    let shift = Int(value.exponent) - 52 + 40
    var magnitude: Int128
    if shift >= 0 {
      magnitude = significand << Int128(shift)
    } else if shift < -60 {
      magnitude = 0
    } else {
      let half: Int128 = 1 << Int128(-shift - 1)
      let rest = significand & (half * 2 - 1)
      magnitude = significand >> Int128(-shift)
      if rest > half || rest == half && magnitude & 1 == 1 { magnitude += 1 }
    }
    return value < 0 ? -magnitude : magnitude
  }

  @Test func `values are rounded to the nearest, ties to even, at every magnitude`() {
    let seed = UInt64.random(in: 0 ... .max)
    print("seed \(seed)")
    var random = SeededGenerator(state: seed)
    for _ in 0..<200_000 {
      let exponent = Int.random(in: -60...79, using: &random)
      let significand = Double(random.next() >> 11 | 1 << 52) / 0x1p52
      var value = Double(sign: .plus, exponent: exponent, significand: significand)
      if Bool.random(using: &random) { value = -value }
      #expect(FixedPoint.rounded(value) == reference(value), "seed \(seed): \(value)")
    }
    // Halves of the last place, and the borders of the ways in which it is done.
    for border in [0x1p10, 0x1p11, 0x1p12, 0x1p13, 0x1p21, 0x1p22, 0x1p23, 0x1p30, 0x1p60] {
      for step in -40...40 {
        for sign in [1.0, -1.0] {
          let near = sign * (border + Double(step) * border.ulp)
          let half = sign * (Double(step) + 0.5) * 0x1p-40
          #expect(FixedPoint.rounded(near) == reference(near), "\(near)")
          #expect(FixedPoint.rounded(half) == reference(half), "\(half)")
          let mixed = sign * (0x1p10 + (Double(step) + 0.5) * 0x1p-40)
          #expect(FixedPoint.rounded(mixed) == reference(mixed), "\(mixed)")
        }
      }
    }
    #expect(FixedPoint.rounded(-0.0) == 0)
  }

  @Test func `a sum comes back as the nearest double`() {
    var random = SeededGenerator(state: 9)
    for _ in 0..<50_000 {
      let value = Double(Int64(bitPattern: random.next()) >> 11) * 0x1p-20
      #expect(FixedPoint.double(FixedPoint.rounded(value)) == value)
    }
  }
}
