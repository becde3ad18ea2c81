import LoadGenerator
import Timing

/// Measures two targets in turn: A B, B A, A B and so on, so that neither always comes first.
struct InterleavedRounds {
  let a: BenchSession
  let b: BenchSession
  let options: CompareOptions
  let pacing: PacingOptions
  let outputs: BenchOutputs

  /// One side's rounds.
  private struct Side {
    var samples: [ComparisonSample] = []
    /// All rounds in one.
    var whole: LoadMeasurement?
    var last: LoadMeasurement?

    mutating func add(_ measurement: LoadMeasurement) {
      samples.append(
        ComparisonSample(
          measurement.recording, serverCPUNanoseconds: measurement.server?.cpuNanoseconds))
      last = measurement
      guard var whole else {
        self.whole = measurement
        return
      }
      whole.recording.append(measurement.recording)
      whole.health.merge(measurement.health)
      // Of all rounds, the most disturbed one is what a reader must know.
      if let machine = measurement.machine, machine.disturbance > whole.machine?.disturbance ?? 0 {
        whole.machine = machine
      }
      self.whole = whole
    }
  }

  /// All rounds, or as many as there were before an interruption.
  func run() async throws(LoadFailure) -> ComparisonResult {
    var sides = (a: Side(), b: Side())
    for round in 0..<options.rounds {
      var pacing = pacing
      // The same arrivals for both sides of a round, others in the next.
      pacing.seed = pacing.seed &+ UInt64(round)
      for isA in round.isMultiple(of: 2) ? [true, false] : [false, true] {
        let session = isA ? a : b
        let measurement: LoadMeasurement
        do throws(LoadFailure) {
          measurement = try await session.measure(
            session.plan(pacing), progress: outputs.progress)
        } catch {
          // The rounds before a target died are worth a report.
          guard sides.a.whole != nil, sides.b.whole != nil else { throw error }
          if isA {
            sides.a.whole?.recording.interruption = error.description
          } else {
            sides.b.whole?.recording.interruption = error.description
          }
          return result(sides.a, sides.b)
        }
        if isA { sides.a.add(measurement) } else { sides.b.add(measurement) }
        if measurement.recording.interruption != nil { return result(sides.a, sides.b) }
      }
      outputs.note(line(round, sides.a, sides.b))
    }
    return result(sides.a, sides.b)
  }

  private func line(_ round: Int, _ a: Side, _ b: Side) -> String {
    func p99(_ side: Side) -> String {
      FigureText.duration(side.last?.recording.latency.quantile(0.99) ?? 0)
    }
    return "round \(round + 1) of \(options.rounds): p99 A \(p99(a)), B \(p99(b))"
  }

  private func result(_ a: Side, _ b: Side) -> ComparisonResult {
    let pairs = zip(a.samples, b.samples).map { (a: $0, b: $1) }
    let comparison = Comparison(rounds: pairs, options: options.comparison)
    let names = self.a.options.url == self.b.options.url ? (" (A)", " (B)") : ("", "")
    return JudgedComparison(
      comparison, options, labels: (self.a.options.url + names.0, self.b.options.url + names.1),
      rounds: pairs.count, a: benchResult(a, self.a), b: benchResult(b, self.b)
    ).result
  }

  private func benchResult(_ side: Side, _ session: BenchSession) -> BenchResult? {
    guard var measurement = side.whole else { return nil }
    // What processes used is known of each round by itself.
    measurement.server = nil
    var whole = pacing
    whole.durationNanoseconds = pacing.durationNanoseconds * Int64(side.samples.count)
    var result = session.result(
      measurement, of: session.plan(whole), label: "", objectives: [])
    result.run.windowNanoseconds = session.plan(pacing).boundedWindowNanoseconds
    return result
  }
}

/// Two result files, by the windows of their time lines.
enum FileComparison {
  /// - Throws: ``BenchInputError`` if a file cannot be read or holds no single run.
  static func compare(
    _ a: String, _ b: String, _ options: CompareOptions
  ) throws -> ComparisonResult {
    let (first, second) = (try load(a), try load(b))
    let comparison = Comparison(
      a: samples(first), b: samples(second), options: options.comparison)
    return JudgedComparison(
      comparison, options, labels: (name(first, a), name(second, b)),
      rounds: min(first.windows.count, second.windows.count), a: first, b: second
    ).result
  }

  private static func load(_ path: String) throws -> BenchResult {
    switch try ResultFile.read(path) {
    case .load(let result):
      guard Set(result.windows.map(\.latency.histogram.precision)).count <= 1 else {
        throw BenchInputError(
          "\(path): its windows have histograms of different precisions; the file was edited or "
            + "put together, measure again")
      }
      return result
    case let other:
      throw BenchInputError(
        "\(path): holds a \(other.kind.rawValue); compare takes files of 'bench load'")
    }
  }

  private static func name(_ result: BenchResult, _ path: String) -> String {
    result.run.label.isEmpty ? path : result.run.label
  }

  private static func samples(_ result: BenchResult) -> [ComparisonSample] {
    result.windows.enumerated().map { index, window in
      ComparisonSample(
        latency: window.latency.histogram, counts: OutcomeCounts(window.counts),
        elapsedNanoseconds: ComparisonSample.windowLength(
          index, of: result.run.windowNanoseconds, in: result.summary.dueNanoseconds))
    }
  }
}
