#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#else
  private import Darwin
#endif

/// The two functions of the C library that sketches and decay need.
enum Logarithm {
  static func natural(_ value: Double) -> Double { log(value) }
  static func exponential(_ value: Double) -> Double { exp(value) }
  /// Two to a power.
  static func powerOfTwo(_ value: Double) -> Double { exp2(value) }
}
