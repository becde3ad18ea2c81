// From rung to rung: every path ends in a decision.
extension DecisionRun {
  mutating func enterLadder(
    _ now: Int64, _ pipeline: borrowing PipelineDefinition, _ state: inout PipelineState
  ) -> Action {
    stageStart = now
    return tryRung(0, now, pipeline, &state)
  }

  mutating func tryRung(
    _ first: Int, _ now: Int64, _ pipeline: borrowing PipelineDefinition,
    _ state: inout PipelineState
  ) -> Action {
    var index = first
    while index < pipeline.ladder.count {
      rung = index
      switch pipeline.ladder[index] {
      case .tier(let tier, let thresholds):
        if !scores[tier].isNaN {
          if let outcome = thresholds.outcome(scores[tier]) {
            endStage(.fallback, now)
            return decide(outcome, .rung(index), now, pipeline)
          }
        } else if hasFeatures, tried & (1 << UInt8(tier)) == 0 {
          return call(tier, now, pipeline, &state)
        }
      case .rules:
        phase = .rung(index)
        return .runRung(index)
      case .constant(let outcome, _):
        reasons.append(.rungConstant(index))
        endStage(.fallback, now)
        return decide(outcome, .rung(index), now, pipeline)
      }
      index += 1
    }
    // No file is accepted whose ladder has no constant at its end.
    endStage(.fallback, now)
    return decide(pipeline.lastResort.outcome, .rung(max(0, index - 1)), now, pipeline)
  }

  mutating func rungMatched(
    _ rule: Int?, _ index: Int, _ now: Int64, _ pipeline: borrowing PipelineDefinition,
    _ state: inout PipelineState
  ) -> Action {
    guard let rule, case .rules(let rules) = pipeline.ladder[index] else {
      return tryRung(index + 1, now, pipeline, &state)
    }
    reasons.append(.rungRule(rung: index, rule: rule))
    endStage(.fallback, now)
    return decide(rules.outcome(rule), .rung(index), now, pipeline)
  }
}
