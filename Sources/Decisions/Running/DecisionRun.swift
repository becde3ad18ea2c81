/// One decision on its way: what has happened goes in, what to do next comes out.
///
/// A value without clock, model or rule: the owner does what an ``Action`` says and reports back
/// with an ``Event``. So that a decision comes out in time whatever a model does, the owner reports
/// ``Event/clock`` at ``timer`` when nothing else came before. Instants are monotonic nanoseconds.
package struct DecisionRun: Sendable {
  /// What the owner reports.
  package enum Event: Sendable, Equatable {
    case begin
    /// Features are there; false if they could not be had in time.
    case featuresRead(Bool)
    /// The gate's first match.
    case gated(Int?)
    /// Whether the condition of the tier asked about holds.
    case conditioned(Bool)
    /// A tier's calibrated score; `nil` for one that is no probability.
    case scored(tier: Int, Double?)
    /// The calibrated score that an expression gave.
    case computed(Double?)
    /// The first match of a tier's rules.
    case ruled(Int?)
    /// A tier gave no score.
    case failed(tier: Int, TierFailure)
    /// The first match of a rung's rules.
    case rungMatched(Int?)
    /// The first match of the rules after the score.
    case overridden(Int?)
    /// ``DecisionRun/timer`` has come.
    case clock
  }

  /// What the owner does next.
  package enum Action: Sendable, Equatable {
    case readFeatures(until: Int64)
    case runGate
    case checkCondition(tier: Int)
    case call(tier: Int, until: Int64)
    /// A tier without a model.
    case evaluate(tier: Int)
    case runRung(Int)
    case runOverrides
    /// The verdict stands.
    case finish
    /// Nothing until the next event.
    case wait
  }

  enum Phase: Sendable, Equatable {
    case idle
    case features
    case gate
    case condition(Int)
    case waiting(Int)
    case evaluating(Int)
    case rung(Int)
    case overrides
    case done
  }

  /// What decided, and how.
  package struct Verdict: Sendable, Equatable {
    package var outcome: Int
    package var by: Decider
  }

  /// What decided.
  package enum Decider: Sendable, Equatable {
    case gate
    case tier(Int)
    case rung(Int)
    case override
  }

  /// When the decision began.
  package let started: Int64
  /// When it must be there.
  package let deadline: Int64
  /// When the last tier must have answered.
  let tiersEnd: Int64
  var phase = Phase.idle
  package internal(set) var verdict: Verdict?
  /// The latest score.
  package internal(set) var score: Double?
  /// The tier that it is of.
  package internal(set) var scoredTier: Int?
  package internal(set) var path: [TierStep] = []
  package internal(set) var reasons: [Reason] = []
  package internal(set) var degradations: [Degradation] = []
  package internal(set) var stages: [StageTime] = []
  /// When ``Event/clock`` is due; `Int64.max` for never.
  package internal(set) var timer = Int64.max

  var scores = InlineArray<8, Double>(repeating: .nan)
  /// Bit i: tier i was called.
  var tried: UInt8 = 0
  /// Bit i: tier i has not answered yet.
  var outstanding: UInt8 = 0
  var permit = CircuitBreaker.Permit()
  var stageStart: Int64
  var hasFeatures = true
  /// The rung that is tried; `nil` before the ladder.
  var rung: Int?
  /// The tier whose score wants another tier's.
  var escalatesFrom: Int?

  /// - Parameter deadline: the caller's; the budget may end before it.
  package init(_ pipeline: borrowing PipelineDefinition, started: Int64, deadline: Int64) {
    self.started = started
    self.deadline = Self.deadline(pipeline, started: started, deadline: deadline)
    tiersEnd = self.deadline - pipeline.budget.reserve
    stages.reserveCapacity(6)
    path.reserveCapacity(pipeline.tiers.count)
    stageStart = started
  }

  /// When a run that began at `started` must have ended: the caller's deadline, or the pipeline's
  /// budget, whichever comes first.
  static func deadline(
    _ pipeline: borrowing PipelineDefinition, started: Int64, deadline: Int64
  ) -> Int64 {
    let (end, overflow) = started.addingReportingOverflow(pipeline.budget.total)
    return min(deadline, overflow ? .max : end)
  }

  /// Whether the verdict stands.
  package var isDone: Bool { phase == .done }
  /// Whether a called tier has yet to answer.
  package var hasOutstanding: Bool { outstanding != 0 }
  /// The tier that is waited for.
  package var awaited: Int? {
    if case .waiting(let tier) = phase { return tier }
    return nil
  }

  /// Takes an event; the only way to go on. What comes too late or unasked changes nothing but the
  /// count of calls in flight.
  ///
  /// - Parameter evidence: what the end of a call says about the model that was asked.
  package mutating func handle(
    _ event: Event, now: Int64, _ pipeline: borrowing PipelineDefinition,
    _ state: inout PipelineState, evidence: CallEvidence = .whole
  ) -> Action {
    switch (event, phase) {
    case (.scored(let tier, _), _), (.failed(let tier, _), _):
      return answered(tier, event, evidence, now, pipeline, &state)
    case (.begin, .idle): return begin(now, pipeline, &state)
    case (.featuresRead(let isThere), .features):
      endStage(.features, now)
      hasFeatures = isThere
      if !isThere { degradations.append(.featuresUnavailable) }
      return enterGate(now, pipeline, &state)
    case (.gated(let rule), .gate):
      endStage(.gate, now)
      guard let rule, let gate = pipeline.gate else { return enterTiers(now, pipeline, &state) }
      reasons.append(.gate(rule))
      verdict = Verdict(outcome: gate.outcome(rule), by: .gate)
      return finish()
    case (.conditioned(let holds), .condition(let tier)):
      if holds { return call(tier, now, pipeline, &state) }
      path.append(TierStep(tier: tier, result: .skipped))
      return enterTier(tier + 1, now, pipeline, &state)
    case (.computed(let score), .evaluating(let tier)):
      return computed(tier, score, now, pipeline, &state)
    case (.ruled(let rule), .evaluating(let tier)):
      return ruled(tier, rule, now, pipeline, &state)
    case (.rungMatched(let rule), .rung(let index)):
      return rungMatched(rule, index, now, pipeline, &state)
    case (.overridden(let rule), .overrides):
      endStage(.overrides, now)
      if let rule, let overrides = pipeline.overrides {
        reasons.append(.override(rule))
        verdict = Verdict(outcome: overrides.outcome(rule), by: .override)
      }
      return finish()
    case (.clock, .waiting(let tier)) where now >= timer:
      return timedOut(tier, evidence, now, pipeline, &state)
    default: return .wait
    }
  }

  private mutating func begin(
    _ now: Int64, _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    stageStart = now
    guard pipeline.features != nil else { return enterGate(now, pipeline, &state) }
    phase = .features
    return .readFeatures(until: max(now, min(now + pipeline.budget.features, tiersEnd)))
  }

  private mutating func enterGate(
    _ now: Int64, _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    guard pipeline.gate != nil else { return enterTiers(now, pipeline, &state) }
    phase = .gate
    return .runGate
  }

  private mutating func enterTiers(
    _ now: Int64, _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    // Scores of a request without its features would be scores of another request.
    if !hasFeatures { return enterLadder(now, pipeline, &state) }
    return enterTier(0, now, pipeline, &state)
  }

  mutating func finish() -> Action {
    phase = .done
    timer = .max
    return .finish
  }

  /// Notes the time since the last stage ended.
  mutating func endStage(_ stage: StageTime.Stage, _ now: Int64) {
    stages.append(StageTime(stage: stage, nanoseconds: now - stageStart))
    stageStart = now
  }
}
