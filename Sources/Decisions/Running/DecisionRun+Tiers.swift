// From tier to tier.
extension DecisionRun {
  mutating func enterTier(
    _ tier: Int, _ now: Int64, _ pipeline: borrowing PipelineDefinition,
    _ state: inout PipelineState
  ) -> Action {
    guard tier < pipeline.tiers.count else {
      noteEscalation(false, now, &state)
      return enterLadder(now, pipeline, &state)
    }
    if pipeline.tiers[tier].condition != nil {
      phase = .condition(tier)
      return .checkCondition(tier: tier)
    }
    return call(tier, now, pipeline, &state)
  }

  /// Calls a tier if it may be called and there is time.
  mutating func call(
    _ tier: Int, _ now: Int64, _ pipeline: borrowing PipelineDefinition,
    _ state: inout PipelineState
  ) -> Action {
    stageStart = now
    guard pipeline.tiers[tier].asksModel else {
      // Takes microseconds: for that there is always time.
      tried |= 1 << UInt8(tier)
      noteEscalation(true, now, &state)
      phase = .evaluating(tier)
      return .evaluate(tier: tier)
    }
    guard now < tiersEnd else { return unavailable(tier, .noTime, now, pipeline, &state) }
    guard state.tiers[tier].inFlight < pipeline.tiers[tier].concurrency else {
      return unavailable(tier, .full, now, pipeline, &state)
    }
    guard let permit = state.tiers[tier].breaker.permit(now: now) else {
      return unavailable(tier, .open, now, pipeline, &state)
    }
    self.permit = permit
    state.tiers[tier].inFlight += 1
    tried |= 1 << UInt8(tier)
    outstanding |= 1 << UInt8(tier)
    noteEscalation(true, now, &state)
    phase = .waiting(tier)
    timer = min(now + pipeline.tiers[tier].timeout, tiersEnd)
    return .call(tier: tier, until: timer)
  }

  /// A called tier came back, wanted or not.
  mutating func answered(
    _ tier: Int, _ event: Event, _ evidence: CallEvidence, _ now: Int64,
    _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    let bit: UInt8 = 1 << UInt8(tier)
    guard outstanding & bit != 0 else { return .wait }
    outstanding &= ~bit
    state.tiers[tier].inFlight -= 1
    guard phase == .waiting(tier) else { return .wait }
    let due = timer
    timer = .max
    endStage(.tier(tier), now)
    let spent = stages.last?.nanoseconds ?? 0
    guard case .scored(_, let score?) = event else {
      var failure = TierFailure.failed
      if case .failed(_, let why) = event { failure = why }
      let evidence =
        switch failure {
        // The engine had no room for it, or no model: none was asked.
        case .refused, .absent: CallEvidence.nothing
        case .timeout: evidence.seen(now, due: due, timeout: pipeline.tiers[tier].timeout)
        default: evidence
        }
      state.tiers[tier].breaker.record(permit, evidence, failed: true, spent: spent, now: now)
      return unavailable(tier, failure, spent: spent, now, pipeline, &state)
    }
    state.tiers[tier].breaker.record(permit, evidence, failed: false, spent: spent, now: now)
    return take(score, of: tier, spent: spent, now, pipeline, &state)
  }

  /// An expression gave a score, or none.
  mutating func computed(
    _ tier: Int, _ score: Double?, _ now: Int64, _ pipeline: borrowing PipelineDefinition,
    _ state: inout PipelineState
  ) -> Action {
    endStage(.tier(tier), now)
    let spent = stages.last?.nanoseconds ?? 0
    guard let score else { return unavailable(tier, .failed, spent: spent, now, pipeline, &state) }
    return take(score, of: tier, spent: spent, now, pipeline, &state)
  }

  /// The rules of a tier spoke, or not.
  mutating func ruled(
    _ tier: Int, _ rule: Int?, _ now: Int64, _ pipeline: borrowing PipelineDefinition,
    _ state: inout PipelineState
  ) -> Action {
    endStage(.tier(tier), now)
    var step = TierStep(tier: tier, result: .passed, nanoseconds: stages.last?.nanoseconds ?? 0)
    if let rule, case .rules(let rules) = pipeline.tiers[tier].kind {
      step.result = .matched
      path.append(step)
      reasons.append(.tierRule(tier: tier, rule: rule))
      return decide(rules.outcome(rule), .tier(tier), now, pipeline)
    }
    if tier < pipeline.tiers.count - 1 {
      path.append(step)
      return enterTier(tier + 1, now, pipeline, &state)
    }
    step.result = .between
    path.append(step)
    guard let outcome = pipeline.tiers[tier].thresholds.otherwise else {
      return enterLadder(now, pipeline, &state)
    }
    return decide(outcome, .tier(tier), now, pipeline)
  }

  /// Goes on with the score of a tier.
  private mutating func take(
    _ score: Double, of tier: Int, spent: Int64, _ now: Int64,
    _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    scores[tier] = score
    self.score = score
    scoredTier = tier
    path.append(TierStep(tier: tier, result: .undecided, score: score, nanoseconds: spent))
    if let rung { return tryRung(rung, now, pipeline, &state) }
    return judge(tier, score, now, pipeline, &state)
  }

  /// The tier had its time; its answer, should one come, is not waited for.
  mutating func timedOut(
    _ tier: Int, _ evidence: CallEvidence, _ now: Int64,
    _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    let evidence = evidence.seen(now, due: timer, timeout: pipeline.tiers[tier].timeout)
    timer = .max
    endStage(.tier(tier), now)
    let spent = stages.last?.nanoseconds ?? 0
    state.tiers[tier].breaker.record(permit, evidence, failed: true, spent: spent, now: now)
    return unavailable(tier, .timeout, spent: spent, now, pipeline, &state)
  }

  private mutating func unavailable(
    _ tier: Int, _ why: TierFailure, spent: Int64 = 0, _ now: Int64,
    _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    tried |= 1 << UInt8(tier)
    path.append(TierStep(tier: tier, result: .none(why), nanoseconds: spent))
    degradations.append(.tier(tier, why))
    // It would have gone on: that the tier is out is no reason to send it more later.
    if let from = escalatesFrom {
      escalatesFrom = nil
      state.escalations[from].note(escalated: false, wanted: true, now: now)
    }
    if let rung { return tryRung(rung + 1, now, pipeline, &state) }
    return enterLadder(now, pipeline, &state)
  }

  /// What a score means at its tier.
  private mutating func judge(
    _ tier: Int, _ score: Double, _ now: Int64, _ pipeline: borrowing PipelineDefinition,
    _ state: inout PipelineState
  ) -> Action {
    let thresholds = pipeline.tiers[tier].thresholds
    let isLast = tier == pipeline.tiers.count - 1
    if score < thresholds.approveBelow || score >= thresholds.declineFrom || isLast {
      if !isLast { state.escalations[tier].note(escalated: false, now: now) }
      let result: TierStep.Result =
        score < thresholds.approveBelow
        ? .approved : score >= thresholds.declineFrom ? .declined : .between
      guard let outcome = thresholds.outcome(score) else {
        return enterLadder(now, pipeline, &state)
      }
      return decide(outcome, .tier(tier), result, now, pipeline)
    }
    return between(tier, score, thresholds, now, pipeline, &state)
  }

  /// Whether a score between the thresholds goes on to the next tier.
  private mutating func between(
    _ tier: Int, _ score: Double, _ thresholds: Thresholds, _ now: Int64,
    _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    let middle = (thresholds.approveBelow + thresholds.declineFrom) / 2
    let distance = abs(score - middle) / max(thresholds.declineFrom - middle, .leastNormalMagnitude)
    let band = state.escalations[tier].band
    if distance > band {
      state.escalations[tier].note(escalated: false, now: now)
      let outcome = score < middle ? thresholds.approve : thresholds.decline
      return decide(outcome, .tier(tier), .held, now, pipeline)
    }
    let strain = state.tiers[tier + 1].breaker.strain(now: now)
    // An open breaker is met at the call itself, which also lets its probes through.
    if strain > Self.strainMin, strain < 1, distance > band * (1 - strain) {
      state.escalations[tier].note(escalated: false, wanted: true, now: now)
      degradations.append(.narrowed(tier + 1))
      return enterLadder(now, pipeline, &state)
    }
    guard state.escalations[tier].allows(now: now) else {
      state.escalations[tier].note(escalated: false, now: now)
      degradations.append(.escalationCap(tier + 1))
      return enterLadder(now, pipeline, &state)
    }
    setResult(.escalated)
    escalatesFrom = tier
    return enterTier(tier + 1, now, pipeline, &state)
  }

  /// The strain of a tier up to which it counts as healthy.
  static var strainMin: Double { 0.2 }

  private mutating func noteEscalation(
    _ escalated: Bool, _ now: Int64, _ state: inout PipelineState
  ) {
    guard let tier = escalatesFrom else { return }
    escalatesFrom = nil
    state.escalations[tier].note(escalated: escalated, now: now)
  }

  mutating func setResult(_ result: TierStep.Result) {
    if !path.isEmpty { path[path.count - 1].result = result }
  }

  /// A tier decided.
  private mutating func decide(
    _ outcome: Int, _ by: Decider, _ result: TierStep.Result, _ now: Int64,
    _ pipeline: borrowing PipelineDefinition
  ) -> Action {
    setResult(result)
    return decide(outcome, by, now, pipeline)
  }

  /// What was decided stands unless a rule after the score says otherwise.
  mutating func decide(
    _ outcome: Int, _ by: Decider, _ now: Int64, _ pipeline: borrowing PipelineDefinition
  ) -> Action {
    verdict = Verdict(outcome: outcome, by: by)
    stageStart = now
    guard pipeline.overrides != nil else { return finish() }
    phase = .overrides
    return .runOverrides
  }
}
