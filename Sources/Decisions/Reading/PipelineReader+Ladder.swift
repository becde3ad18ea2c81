internal import Definitions
internal import Rules
internal import Yams

extension PipelineReader {
  mutating func readBudget(_ node: Node) {
    guard let section = section(node, "'budget'", keys: ["total", "reserve", "features"]) else {
      return
    }
    pipeline.budget.total = duration(section, "total", from: 100_000) ?? pipeline.budget.total
    pipeline.budget.reserve = duration(section, "reserve") ?? pipeline.budget.reserve
    pipeline.budget.features = duration(section, "features") ?? pipeline.budget.features
  }

  mutating func readLadder(_ node: Node) {
    let rungs = list(node, "fallback")
    for (index, element) in rungs.enumerated() {
      let keys = [
        "tier", "approve_below", "decline_from", "otherwise", "rules", "decide", "reason",
      ]
      guard let section = section(element, "a rung of 'fallback'", keys: keys) else { continue }
      readRung(section, element, isLast: index == rungs.count - 1)
    }
    if rungs.isEmpty { report(node, "'fallback' has no rung", "add '- {decide: …, reason: …}'") }
  }

  private mutating func readRung(_ section: Section, _ node: Node, isLast: Bool) {
    let kinds = ["tier", "rules", "decide"].filter { section[$0] != nil }
    guard kinds.count == 1 else {
      return report(node, "a rung has one of 'tier', 'rules' and 'decide'", "make it one of them")
    }
    if isLast, kinds[0] != "decide" {
      report(
        node, "the last rung of 'fallback' may leave a request without a decision",
        "end with '- {decide: \(pipeline.outcomes.last ?? "review"), reason: FALLBACK}'")
    }
    if !isLast, kinds[0] == "decide" {
      report(node, "no rung after this one is ever reached", "move it to the end")
    }
    switch kinds[0] {
    case "tier": readTierRung(section, node)
    case "rules":
      if let rules = section["rules"],
        let set = readRules(rules, "fallback", before: nil)
      {
        pipeline.ladder.append(.rules(set))
      }
    default:
      guard let decided = outcome(section["decide"], "'decide'") else { return }
      guard let reason = text(section, "reason") else {
        return report(node, "the rung has no 'reason'", "add 'reason: …'")
      }
      checkWord(section["reason"], reason, "a reason")
      pipeline.ladder.append(.constant(outcome: decided, reason: reason))
    }
  }

  private mutating func readTierRung(_ section: Section, _ node: Node) {
    guard let name = text(section, "tier") else { return }
    guard let index = tierNames.firstIndex(of: name) else {
      return report(
        section["tier"], "no tier is named '\(name.prefix(80))'",
        NearestName.fix(for: name, among: tierNames))
    }
    if case .rules = pipeline.tiers[index].kind {
      return report(
        section["tier"], "tier '\(name)' gives no score, which a rung of a tier decides by",
        "name a tier with a score, or use 'rules'")
    }
    for case .tier(index, _) in pipeline.ladder {
      report(
        section["tier"], "tier '\(name)' has a rung already, which decides or leaves it alone",
        "keep one of them")
      return
    }
    let what = "the rung of tier '\(name)'"
    let read = thresholds(section, what, node, needsOtherwise: false, isLast: true)
    let strict = pipeline.tiers[index].thresholds
    for key in ["approve_below", "decline_from"] where section[key] == nil {
      report(node, "\(what) has no '\(key)'", "add '\(key): …'")
    }
    if section["approve_below"] != nil, read.approveBelow > strict.approveBelow {
      report(
        section["approve_below"],
        "\(what) approves up to \(read.approveBelow), where the tier itself stops at "
          + "\(strict.approveBelow): falling back would be laxer",
        "use at most \(strict.approveBelow)")
    }
    pipeline.ladder.append(.tier(index, read))
  }

  /// What the stages may take together must fit.
  mutating func checkBudget(_ file: Section) {
    let budget = pipeline.budget
    var sum = budget.reserve
    var parts = ["reserve \(DurationText.text(budget.reserve))"]
    if pipeline.features != nil {
      sum += budget.features
      parts.append("features \(DurationText.text(budget.features))")
    }
    for tier in pipeline.tiers where tier.asksModel {
      sum += tier.timeout
      parts.append("\(tier.name) \(DurationText.text(tier.timeout))")
    }
    guard sum > budget.total else { return }
    report(
      file["budget"] ?? file["tiers"],
      "the stages may take \(DurationText.text(sum)) (\(list(parts))), which is more than the "
        + "total \(DurationText.text(budget.total))",
      "lower timeouts, or raise 'total'")
  }

  /// Tiers and outcomes that nothing can reach.
  mutating func checkReach(_ file: Section) {
    for (index, tier) in pipeline.tiers.enumerated().dropLast()
    where tier.givesScore && tier.thresholds.approveBelow >= tier.thresholds.declineFrom {
      report(
        tierNodes[index + 1],
        "tier '\(pipeline.tiers[index + 1].name)' is never reached: '\(tier.name)' has no scores "
          + "between approve_below and decline_from",
        "move its thresholds apart, or remove the tier")
    }
    var reached = Set<Int>()
    for rules in [pipeline.gate, pipeline.overrides].compactMap(\.self) {
      reached.formUnion(rules.rules.rules.map(\.action))
    }
    for tier in pipeline.tiers { reached.formUnion(outcomes(of: tier)) }
    for rung in pipeline.ladder {
      switch rung {
      case .tier(_, let thresholds): reached.formUnion(outcomes(of: thresholds))
      case .rules(let rules): reached.formUnion(rules.rules.rules.map(\.action))
      case .constant(let outcome, _): reached.insert(outcome)
      }
    }
    guard problems.isEmpty else { return }
    for (index, name) in pipeline.outcomes.enumerated() where !reached.contains(index) {
      report(file["outcomes"], "nothing decides '\(name)'", "remove it from 'outcomes'")
    }
  }

  private func outcomes(of tier: TierDefinition) -> Set<Int> {
    guard case .rules(let rules) = tier.kind else { return outcomes(of: tier.thresholds) }
    return Set(rules.rules.rules.map(\.action)).union(tier.thresholds.otherwise.map { [$0] } ?? [])
  }

  private func outcomes(of thresholds: Thresholds) -> Set<Int> {
    var result: Set<Int> = []
    if thresholds.approveBelow > 0 { result.insert(thresholds.approve) }
    if thresholds.declineFrom <= 1 { result.insert(thresholds.decline) }
    if let otherwise = thresholds.otherwise { result.insert(otherwise) }
    return result
  }
}
