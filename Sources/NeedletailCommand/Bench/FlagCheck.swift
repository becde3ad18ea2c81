import Foundation
import LoadGenerator

/// Checks that several flags share. Every error says what was given and what to give instead.
enum FlagCheck {
  /// A duration in nanoseconds inside `range`.
  static func duration(
    _ text: String, _ flag: String, in range: ClosedRange<Int64> = 1...86_400_000_000_000
  ) throws(BenchInputError) -> Int64 {
    let value: Int64
    do throws(BenchInputError) {
      value = try DurationText.parse(text)
    } catch {
      throw BenchInputError("\(flag) is '\(text)'; give a number with its unit: 500ms, 10s, 2m")
    }
    guard range.contains(value) else {
      throw BenchInputError(
        "\(flag) is '\(text)'; use \(DurationText.format(range.lowerBound)) to "
          + DurationText.format(range.upperBound))
    }
    return value
  }

  /// A whole number inside `range`.
  static func number(
    _ value: Int, _ flag: String, in range: ClosedRange<Int>
  ) throws(BenchInputError) -> Int {
    guard range.contains(value) else {
      throw BenchInputError(
        "\(flag) is \(value); use \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A rate in requests a second.
  static func rate(_ value: Double, _ flag: String) throws(BenchInputError) -> Double {
    guard value.isFinite, value > 0, value <= 10_000_000 else {
      throw BenchInputError("\(flag) is \(value); use a number above 0, at most 10000000")
    }
    return value
  }

  /// A fraction written `2%` or `0.02`.
  static func fraction(
    _ text: String, _ flag: String, in range: Range<Double>
  ) throws(BenchInputError) -> Double {
    let isPercent = text.hasSuffix("%")
    let value = Double(isPercent ? String(text.dropLast()) : text).map {
      isPercent ? $0 / 100 : $0
    }
    guard let value, range.contains(value) else {
      throw BenchInputError(
        "\(flag) is '\(text)'; use \(percent(range.lowerBound)) to "
          + "below \(percent(range.upperBound)), for example 5% or 0.05")
    }
    return value
  }

  /// One of `choices`.
  static func choice(
    _ text: String, _ flag: String, _ choices: [String]
  ) throws(BenchInputError) -> String {
    guard choices.contains(text) else {
      throw BenchInputError(
        "\(flag) is '\(text)'; use \(choices.joined(separator: " or "))")
    }
    return text
  }

  /// A file that can be read.
  static func readable(_ path: String, _ flag: String) throws(BenchInputError) {
    guard FileManager.default.isReadableFile(atPath: path) else {
      throw BenchInputError("\(flag) is '\(path)', which cannot be read; check the path")
    }
  }

  private static func percent(_ value: Double) -> String {
    let scaled = value * 100
    return scaled == scaled.rounded() ? "\(Int(scaled))%" : "\(scaled)%"
  }
}
