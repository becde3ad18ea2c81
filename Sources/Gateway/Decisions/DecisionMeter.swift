package import Decisions
package import Timing
private import Synchronization

/// What the decisions of one pipeline came to, since the start.
package struct PipelineCounts: Sendable {
  /// Decisions with one outcome, by who decided.
  package struct Outcome: Sendable, Equatable {
    package var outcome: String
    package var decidedBy: String
    package var count: UInt64
  }

  /// A word and how often it came.
  package struct Word: Sendable, Equatable {
    package var word: String
    package var count: UInt64
  }

  /// The times of one stage.
  package struct Stage: Sendable {
    package var name: String
    package var times: LatencyHistogram
  }

  /// The most different words that are told apart; more count as `other`.
  static let wordsMax = 256

  package let pipeline: String
  package private(set) var outcomes: [Outcome] = []
  package private(set) var degraded: [Word] = []
  /// Requests without a decision, by code.
  package private(set) var failures: [Word] = []
  package private(set) var stages: [Stage] = []
  /// Decisions that were degraded, and those after their deadline.
  package private(set) var degradedCount: UInt64 = 0
  package private(set) var lateCount: UInt64 = 0

  init(pipeline: String) { self.pipeline = pipeline }

  mutating func count(_ decision: Decision) {
    add(decision.outcome, decision.decidedBy, 1)
    if decision.isDegraded { degradedCount += 1 }
    if decision.isLate { lateCount += 1 }
    for reason in decision.degradedReasons { Self.add(reason, 1, to: &degraded) }
    for (place, stage) in decision.stages.enumerated() {
      stages[self.place(of: stage.name, hint: place)].times.record(stage.nanoseconds)
    }
  }

  mutating func count(failure code: String) { Self.add(code, 1, to: &failures) }

  mutating func merge(_ other: PipelineCounts) {
    for entry in other.outcomes { add(entry.outcome, entry.decidedBy, entry.count) }
    for entry in other.degraded { Self.add(entry.word, entry.count, to: &degraded) }
    for entry in other.failures { Self.add(entry.word, entry.count, to: &failures) }
    for (place, stage) in other.stages.enumerated() {
      stages[self.place(of: stage.name, hint: place)].times.merge(stage.times)
    }
    degradedCount += other.degradedCount
    lateCount += other.lateCount
  }

  private mutating func add(_ outcome: String, _ decidedBy: String, _ count: UInt64) {
    for index in outcomes.indices
    where outcomes[index].outcome == outcome && outcomes[index].decidedBy == decidedBy {
      outcomes[index].count += count
      return
    }
    guard outcomes.count < Self.wordsMax else { return add("other", "other", count) }
    outcomes.append(Outcome(outcome: outcome, decidedBy: decidedBy, count: count))
  }

  private static func add(_ word: String, _ count: UInt64, to words: inout [Word]) {
    for index in words.indices where words[index].word == word {
      words[index].count += count
      return
    }
    guard words.count < wordsMax else { return add("other", count, to: &words) }
    words.append(Word(word: word, count: count))
  }

  /// The place of a stage, which tends to be the same in each decision.
  private mutating func place(of name: String, hint: Int) -> Int {
    if hint < stages.count, stages[hint].name == name { return hint }
    for index in stages.indices where stages[index].name == name { return index }
    guard stages.count < Self.wordsMax else { return stages.count - 1 }
    stages.append(Stage(name: name, times: LatencyHistogram()))
    return stages.count - 1
  }
}

/// Counts the decisions of one event loop: a lock that nobody else wants but the metrics page.
package final class DecisionMeter: Sendable {
  private let pipelines = Mutex<[PipelineCounts]>([])

  init() {}

  /// Counts the outcome of one request, repetitions included.
  package func count(_ outcome: Result<Decision, DecisionFailure>, pipeline: String) {
    pipelines.withLock { pipelines in
      let place = Self.place(of: pipeline, in: &pipelines)
      switch outcome {
      case .success(let decision): pipelines[place].count(decision)
      case .failure(let failure): pipelines[place].count(failure: failure.code.rawValue)
      }
    }
  }

  /// Counts a request that was refused for its input.
  package func countInvalid(pipeline: String) {
    pipelines.withLock { pipelines in
      pipelines[Self.place(of: pipeline, in: &pipelines)].count(failure: "INVALID_INPUT")
    }
  }

  static func merged(_ meters: [DecisionMeter]) -> [PipelineCounts] {
    var result: [PipelineCounts] = []
    for meter in meters {
      for counts in meter.pipelines.withLock({ $0 }) {
        result[place(of: counts.pipeline, in: &result)].merge(counts)
      }
    }
    return result.sorted { $0.pipeline < $1.pipeline }
  }

  private static func place(of name: String, in pipelines: inout [PipelineCounts]) -> Int {
    for index in pipelines.indices where pipelines[index].pipeline == name { return index }
    pipelines.append(PipelineCounts(pipeline: name))
    return pipelines.count - 1
  }
}
