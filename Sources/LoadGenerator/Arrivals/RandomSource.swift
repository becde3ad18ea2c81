/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): the
/// same numbers for the same seed on every machine, a few instructions a number.
///
/// For load and resampling; not for secrets.
package struct RandomSource: RandomNumberGenerator, Sendable {
  private static let golden: UInt64 = 0x9E37_79B9_7F4A_7C15

  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  /// The `index`-th of many sources of one seed, whose numbers have nothing to do with each other.
  package init(seed: UInt64, stream index: Int) {
    // Started at a hash of both, two streams overlap with a chance of about 2^-20 in 2^40 numbers.
    let stream = Self.mix(UInt64(truncatingIfNeeded: index) &+ Self.golden)
    state = Self.mix(seed &+ Self.golden) ^ Self.mix(stream &* 0xD605_BBB5_8C8A_BBED)
  }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state &+= Self.golden
    return Self.mix(state)
  }

  /// A number above 0, at most 1, evenly spread, in steps of 2^-53.
  package mutating func unit() -> Double {
    Double(next() >> 11 + 1) * 0x1p-53
  }

  /// A number from 0 to below `bound`, which is above 0.
  package mutating func below(_ bound: Int) -> Int {
    // The high half of the product; its bias is bound / 2^64, nothing for the bounds used here.
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
