/// One run at one load: everything a report shows, and the histograms behind it.
package struct BenchResult: Codable, Sendable, Equatable {
  package var run: RunDescription
  package var summary: BenchSummary
  /// One for each entry of the mix.
  package var entries: [EntryFigures]
  package var stages: StageFigures
  /// One for each ``RunDescription/windowNanoseconds`` of the measured time.
  package var windows: [WindowFigures]
  /// The most frequent wordings first.
  package var errors: [ErrorFigures]
  package var histograms: HistogramFigures
  /// `nil` if the server runs elsewhere, or its process was not found.
  package var server: ServerFigures?
  package var machine: MachineFigures?
  package var generator: GeneratorFigures?
  package var verdicts: [VerdictFigures]
  /// Why the run ended before its time; `nil` if it did not.
  package var interruption: String?

  package init(
    run: RunDescription, recording: LoadRecording, server: ServerFigures? = nil,
    machine: MachineFigures? = nil, generator: GeneratorFigures? = nil,
    verdicts: [VerdictFigures] = []
  ) {
    self.run = run
    summary = BenchSummary(recording, durationNanoseconds: run.durationNanoseconds)
    entries = recording.entries.map(EntryFigures.init)
    stages = StageFigures(recording.stages)
    windows = recording.windows.map(WindowFigures.init)
    errors = recording.samples.sorted { $0.count > $1.count }.map(ErrorFigures.init)
    histograms = HistogramFigures(recording)
    self.server = server
    self.machine = machine
    self.generator = generator
    self.verdicts = verdicts
    interruption = recording.interruption
  }

  /// Whether every objective that could be measured held, and each could be.
  package var holds: Bool { verdicts.allSatisfy { $0.state == .held } }
}
