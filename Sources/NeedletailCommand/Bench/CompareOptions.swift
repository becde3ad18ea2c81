import ArgumentParser
import Foundation
import LoadGenerator

/// How two sides are compared.
struct CompareFlags: ParsableArguments {
  @Option(help: "Rounds of each side, interleaved; at least 5 are needed for a verdict.")
  var rounds = 10
  @Option(help: "Time measured in one round of one side.")
  var roundDuration = "2s"
  @Option(help: "What the verdict rests on: pN, mean, throughput, goodput or cpu, with commas.")
  var metric = "p50,p99"
  @Option(help: "Smallest relative difference that matters: 2% or 0.02.")
  var threshold = "2%"
  @Option(help: "Of the intervals: 95% or 0.95.")
  var confidence = "95%"
  @Flag(help: "Exit with 0 unless B is slower, also where nothing can be told.")
  var gate = false
}

/// ``CompareFlags``, checked.
struct CompareOptions: Sendable, Equatable {
  var rounds: Int
  var roundNanoseconds: Int64
  /// Those that the verdict rests on; never empty.
  var metrics: [ComparisonMetric]
  var comparison: Comparison.Options
  var isGate: Bool
}

extension CompareFlags {
  func resolve(seed: UInt64) throws(BenchInputError) -> CompareOptions {
    var metrics: [ComparisonMetric] = []
    for text in metric.split(separator: ",", omittingEmptySubsequences: false) {
      let one = try Self.metric(text.trimmingCharacters(in: .whitespaces))
      if !metrics.contains(one) { metrics.append(one) }
    }
    var comparison = Comparison.Options()
    comparison.minimumEffect = try FlagCheck.fraction(threshold, "--threshold", in: 0.0001..<1)
    comparison.confidence = try FlagCheck.fraction(confidence, "--confidence", in: 0.5..<0.9991)
    comparison.seed = seed
    return CompareOptions(
      rounds: try FlagCheck.number(rounds, "--rounds", in: 1...10_000),
      roundNanoseconds: try FlagCheck.duration(
        roundDuration, "--round-duration", in: 10_000_000...3_600_000_000_000),
      metrics: metrics, comparison: comparison, isGate: gate)
  }

  /// One metric by its name.
  static func metric(_ text: String) throws(BenchInputError) -> ComparisonMetric {
    switch text {
    case "mean": return .mean
    case "throughput": return .throughput
    case "goodput": return .goodput
    case "cpu": return .cpu
    default:
      if text.hasPrefix("p"), let percent = Double(text.dropFirst()), percent > 0, percent < 100 {
        // 99.9 / 100 is not 0.999 to the last bit, and must equal the standard one.
        return .percentile((percent * 1e6).rounded() / 1e8)
      }
      throw BenchInputError(
        "--metric is '\(text)'; use p50, p99.9 or another pN, mean, throughput, goodput or cpu")
    }
  }
}
