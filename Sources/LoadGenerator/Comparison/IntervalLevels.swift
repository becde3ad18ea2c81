#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// Which quantiles of the resamples bound a confidence interval.
///
/// Resampling few rounds shows too little spread: by √((n-1)/n), and as if the spread were known.
/// So the tails are those of Student's distribution, widened by √(n/(n-1)): the "expanded
/// percentile interval" of Hesterberg, "What teachers should know about the bootstrap" (2015).
enum IntervalLevels {
  /// The part of the resamples below the interval, and above it; at most 0.5.
  ///
  /// - Parameters:
  ///   - confidence: 0.5 to 0.999.
  ///   - units: independent rounds or blocks, at least 2.
  static func tail(confidence: Double, units: Int) -> Double {
    let units = Double(max(2, units))
    let z = normalQuantile((1 + confidence) / 2)
    let t = studentQuantile(z, degrees: units - 1)
    return normalBelow(-t * (units / (units - 1)).squareRoot())
  }

  /// The part of a standard normal distribution below `z`.
  static func normalBelow(_ z: Double) -> Double { erfc(-z / 2.0.squareRoot()) / 2 }

  /// Where a standard normal distribution has `part` (0.5 to below 1) below it.
  static func normalQuantile(_ part: Double) -> Double {
    var (low, high) = (0.0, 10.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if normalBelow(middle) < part { low = middle } else { high = middle }
    }
    return high
  }

  /// Student's quantile where the normal one is `z`: the series of Fisher and Cornish (1960), to
  /// within 0.3 % from 4 degrees of freedom on at 95 %.
  static func studentQuantile(_ z: Double, degrees: Double) -> Double {
    let z2 = z * z
    let first = (z2 + 1) / 4
    let second = ((5 * z2 + 16) * z2 + 3) / 96
    let third = (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384
    return z * (1 + (first + (second + third / degrees) / degrees) / degrees)
  }
}
