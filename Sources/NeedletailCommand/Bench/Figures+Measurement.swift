import LoadGenerator

// What was measured, in the form that result files keep.

extension VerdictFigures {
  init(_ verdict: ObjectiveVerdict) {
    let state: State =
      switch verdict.state {
      case .held: .held
      case .missed: .missed
      case .notMeasured: .notMeasured
      }
    self.init(
      objective: verdict.objective.text, state: state,
      measured: verdict.measuredText.isEmpty ? verdict.reason : verdict.measuredText)
  }
}

extension GeneratorFigures {
  init(_ health: GeneratorHealth) {
    self.init(
      cpuNanoseconds: health.cpuNanoseconds, busiestThreadShare: health.busiestThreadShare,
      isBottleneck: health.isBottleneck, remarks: health.remarks)
  }
}

extension LoadProgress {
  /// The figures of the progress line.
  var figures: ProgressFigures {
    ProgressFigures(
      elapsedNanoseconds: elapsedNanoseconds, plannedNanoseconds: plannedNanoseconds,
      counts: CountFigures(counts), rate: windowRate, p50: windowP50, p99: windowP99,
      max: windowMax, lagP99: lagP99, underWay: underWay)
  }
}

extension OutcomeCounts {
  /// The counts of a result file.
  init(_ figures: CountFigures) {
    self.init()
    offered = figures.offered
    late = figures.late
    for outcome in Outcome.allCases { self[outcome] = figures[outcome] }
  }
}

extension ServerFigures {
  init(_ usage: ServerUsage) {
    self.init(
      processIdentifier: usage.processIdentifier, cpuNanoseconds: usage.cpuNanoseconds,
      memoryStart: usage.residentStart, memoryPeak: usage.residentPeak, threads: usage.threads,
      voluntarySwitches: usage.voluntarySwitches, involuntarySwitches: usage.involuntarySwitches)
  }
}

extension MachineFigures {
  init(_ usage: MachineUsage) {
    self.init(
      processor: usage.processor, cores: usage.cores, stealShare: usage.stealShare ?? 0,
      otherShare: usage.otherShare ?? 0)
  }
}
