internal import Definitions
internal import Features
internal import Rules
internal import Yams

extension PipelineReader {
  private static let tierKeys = [
    "name", "model", "version", "when", "inputs", "missing", "score", "calibration",
    "approve_below", "decline_from", "otherwise", "timeout", "concurrency", "priority", "breaker",
    "rules", "expression",
  ]

  mutating func readTiers(_ node: Node?) {
    guard let node else { return }
    let elements = list(node, "tiers")
    if elements.count > 8 { report(node, "\(elements.count) tiers", "use at most 8") }
    for (index, element) in elements.enumerated() {
      readTier(element, isLast: index == elements.count - 1)
    }
  }

  private mutating func readTier(_ node: Node, isLast: Bool) {
    guard let section = section(node, "a tier", keys: Self.tierKeys, required: ["name"]),
      let kind = tierKind(section, node)
    else { return }
    var tier = TierDefinition()
    tier.places.tier = place(node)
    tier.name = text(section, "name") ?? ""
    checkWord(section["name"], tier.name, "a tier's name")
    if tierNames.contains(tier.name) {
      report(section["name"], "another tier is named '\(tier.name)'", "rename one of them")
    }
    if ["gate", "fallback", "features", "rules", "record", "total"].contains(tier.name) {
      report(section["name"], "'\(tier.name)' is the name of a stage", "choose another name")
    }
    switch kind {
    case "rules":
      if let node = section["rules"] {
        if node.sequence?.isEmpty == true {
          report(node, "tier '\(tier.name)' has no rule", "add one, or remove the tier")
        }
        if let rules = readRules(node, tier.name, before: nil) { tier.kind = .rules(rules) }
      }
    case "expression":
      if let node = section["expression"], let text = text(section, "expression") {
        let what = "the score of tier '\(tier.name)'"
        if let compiled = check(text, node, what, expecting: .double) {
          tier.kind = .expression(compiled)
        }
      }
    default: readModel(section, &tier)
    }
    if let node = section["calibration"] { readCalibration(node, &tier) }
    if let node = section["when"], let when = text(section, "when") {
      tier.condition = check(when, node, "the condition of tier '\(tier.name)'")
        .map { TierCondition(expression: $0) }
    }
    tier.thresholds =
      kind == "rules"
      ? ruleThresholds(section, node, isLast: isLast)
      : thresholds(section, "tier '\(tier.name)'", node, needsOtherwise: isLast, isLast: isLast)
    pipeline.tiers.append(tier)
    tierNames.append(tier.name)
    tierNodes.append(node)
  }

  /// What a tier asks: one of `model`, `rules` and `expression`.
  private mutating func tierKind(_ section: Section, _ node: Node) -> String? {
    let kinds = ["model", "rules", "expression"].filter { section[$0] != nil }
    guard kinds.count == 1 else {
      let found = kinds.isEmpty ? "none of them" : kinds.joined(separator: " and ")
      report(
        node, "a tier has one of 'model', 'rules' and 'expression'; this one has \(found)",
        "make it one of them")
      return nil
    }
    let thresholds = ["approve_below", "decline_from"]
    let model = ["inputs", "score"]
    let required =
      kinds[0] == "model" ? model + thresholds : kinds[0] == "expression" ? thresholds : []
    var foreign: [String] = []
    if kinds[0] != "model" {
      foreign = model + ["version", "missing", "timeout", "concurrency", "priority", "breaker"]
    }
    if kinds[0] == "rules" { foreign += thresholds + ["calibration"] }
    for key in foreign where section[key] != nil {
      report(section[key], "'\(key)' has no meaning for a tier of \(kinds[0])", "remove it")
    }
    return hasAll(required, section, node, "a tier of \(kinds[0])") ? kinds[0] : nil
  }

  /// Where a node stands.
  private func place(_ node: Node?) -> FilePlace {
    FilePlace(line: node?.mark?.line ?? 0, column: node?.mark?.column ?? 0)
  }

  /// What a tier of rules decides where none matches.
  private mutating func ruleThresholds(
    _ section: Section, _ node: Node, isLast: Bool
  ) -> Thresholds {
    var result = Thresholds()
    result.otherwise = outcome(section["otherwise"], "'otherwise'")
    if isLast, section["otherwise"] == nil {
      report(
        node, "the last tier has no outcome where none of its rules matches",
        "add 'otherwise: \(pipeline.outcomes.last ?? "review")'")
    }
    if !isLast, section["otherwise"] != nil {
      report(
        section["otherwise"], "where no rule matches the next tier is asked", "remove 'otherwise'")
    }
    return result
  }

  private mutating func readModel(_ section: Section, _ tier: inout TierDefinition) {
    tier.places.model = place(section["model"])
    tier.places.score = place(section["score"])
    tier.places.inputs = place(section["inputs"])
    tier.model = text(section, "model") ?? ""
    tier.version = text(section, "version") ?? ""
    let missing = section["missing"] == nil || text(section, "missing") == "nan"
    let substitute = missing ? .nan : number(section, "missing") ?? .nan
    if let node = section["inputs"] { readInputs(node, substitute, &tier) }
    readScore(section, &tier)
    tier.timeout = duration(section, "timeout") ?? tier.timeout
    tier.concurrency = whole(section, "concurrency", in: 1...100_000) ?? tier.concurrency
    tier.priority = whole(section, "priority", in: 0...16) ?? 0
    if let node = section["breaker"] { readBreaker(node, &tier) }
    if let slow = tier.breaker.slow, slow >= tier.timeout {
      report(
        section["breaker"],
        "'slow' \(DurationText.text(slow)) is not below the timeout "
          + "\(DurationText.text(tier.timeout))",
        "a call that takes so long has failed already: lower 'slow', or leave it out")
    }
  }

  private mutating func readInputs(_ node: Node, _ missing: Double, _ tier: inout TierDefinition) {
    for (_, name, value) in pairs(node, "'inputs'") {
      var columns: [ModelInput.Column] = []
      for element in list(value, name) { columns += self.columns(element) }
      if columns.isEmpty, !hasBrokenViews {
        report(value, "the input '\(name)' takes no columns", "list features and fields")
      }
      tier.places.input.append(place(value))
      tier.inputs.append(ModelInput(name: name, columns: columns, missing: missing))
    }
  }

  /// The columns that one entry means: `features` for the whole service, or a name.
  private mutating func columns(_ node: Node) -> [ModelInput.Column] {
    let name = node.scalar?.string ?? ""
    if hasBrokenViews { return [] }
    let service = pipeline.features.map { $0.definitions.services[$0.service] }
    let slots = service?.slots ?? []
    if name == "features" {
      if slots.isEmpty { report(node, "there are no features", "add 'features'") }
      return slots.indices.map { .feature($0) }
    }
    let names = slots.map { pipeline.features?.definitions.slots[$0].name ?? "" }
    if let place = names.firstIndex(of: name) { return [.feature(place)] }
    guard let index = pipeline.inputs.index(of: name) else {
      report(
        node, "'\(name.prefix(80))' is neither a feature of the service nor a field",
        NearestName.fix(
          for: name, among: ["features"] + pipeline.inputs.fields.map(\.name) + names))
      return []
    }
    let field = pipeline.inputs.fields[index]
    guard field.type == .double || field.type == .int || field.type == .bool else {
      report(
        node, "'\(name)' is of type \(field.type.rawValue), not a number",
        "declare a transform of it in the views: hash, one_hot or lookup")
      return []
    }
    return [.field(index)]
  }

  /// `output` or `output[index]`.
  private mutating func readScore(_ section: Section, _ tier: inout TierDefinition) {
    guard let text = text(section, "score") else { return }
    let parts = text.split(separator: "[", maxSplits: 1)
    tier.scoreOutput = String(parts.first ?? "")
    guard parts.count == 2 else { return }
    guard parts[1].hasSuffix("]"), let index = Int(parts[1].dropLast()),
      (0..<65_536).contains(index)
    else {
      return report(
        section["score"], "'score' is '\(text.prefix(80))'",
        "write OUTPUT, or OUTPUT[INDEX] as in 'probabilities[1]'")
    }
    tier.scoreIndex = index
  }

  private mutating func readCalibration(_ node: Node, _ tier: inout TierDefinition) {
    guard let section = section(node, "'calibration'", keys: ["platt", "isotonic"]) else { return }
    if section.count != 1 {
      report(node, "'calibration' takes one of 'platt' and 'isotonic'", "keep one")
    }
    if let node = section["platt"],
      let platt = self.section(node, "'platt'", keys: ["a", "b"], required: ["a", "b"]),
      let a = number(platt, "a"), let b = number(platt, "b")
    {
      if a >= 0 {
        report(
          platt["a"], "'a' is \(a): higher scores would mean lower probabilities",
          "use a negative 'a': the probability is 1 / (1 + exp(a·s + b))")
      }
      tier.calibration = .platt(a: a, b: b)
    }
    guard let node = section["isotonic"] else { return }
    var points: [SIMD2<Double>] = []
    for element in list(node, "isotonic") {
      let pair = (element.sequence.map { Array($0) } ?? []).compactMap {
        $0.scalar.flatMap { Double($0.string) }
      }
      guard pair.count == 2, pair.allSatisfy(\.isFinite) else {
        report(element, "'isotonic' lists points", "write [score, probability]")
        continue
      }
      let point = SIMD2(pair[0], pair[1])
      if let last = points.last, point.x <= last.x || point.y < last.y {
        report(element, "the points do not ascend", "sort them; no probability may fall")
      }
      if !(0...1).contains(point.y) {
        report(element, "\(point.y) is no probability", "use 0 to 1")
      }
      points.append(point)
    }
    if points.count < 2 { report(node, "'isotonic' has \(points.count) points", "use at least 2") }
    tier.calibration = .isotonic(points)
  }

  private mutating func readBreaker(_ node: Node, _ tier: inout TierDefinition) {
    let keys = ["window", "calls", "failures", "slow_calls", "slow", "open", "open_max", "probes"]
    guard let section = section(node, "'breaker'", keys: keys) else { return }
    let standard = BreakerDefinition()
    var breaker = standard
    breaker.window = duration(section, "window", from: 100_000_000) ?? standard.window
    breaker.callsMin = whole(section, "calls", in: 1...1_000_000) ?? standard.callsMin
    breaker.failureShare = share(section, "failures") ?? standard.failureShare
    breaker.slowShare = share(section, "slow_calls") ?? standard.slowShare
    breaker.slow = duration(section, "slow")
    breaker.open = duration(section, "open", from: 1_000_000) ?? standard.open
    breaker.openMax =
      duration(section, "open_max", from: 1_000_000) ?? max(standard.openMax, breaker.open)
    breaker.probes = whole(section, "probes", in: 1...1_000) ?? standard.probes
    if breaker.openMax < breaker.open {
      report(section["open_max"], "'open_max' is below 'open'", "raise it")
    }
    tier.breaker = breaker
  }

  /// Thresholds of a tier or a rung.
  mutating func thresholds(
    _ section: Section, _ what: String, _ node: Node, needsOtherwise: Bool, isLast: Bool
  ) -> Thresholds {
    var result = Thresholds()
    result.approveBelow = number(section, "approve_below", in: 0...1) ?? 0
    result.declineFrom = number(section, "decline_from", in: 0...1) ?? 1
    for (name, path) in [("approve", \Thresholds.approve), ("decline", \Thresholds.decline)] {
      if let index = pipeline.outcomes.firstIndex(of: name) {
        result[keyPath: path] = index
      } else {
        report(node, "\(what) needs the outcome '\(name)'", "add it to 'outcomes'")
      }
    }
    if result.approveBelow > result.declineFrom {
      report(
        section["decline_from"],
        "'decline_from' \(result.declineFrom) is below 'approve_below' \(result.approveBelow)",
        "scores between them would be both; swap them")
    }
    result.otherwise = outcome(section["otherwise"], "'otherwise'")
    if needsOtherwise, section["otherwise"] == nil, result.approveBelow < result.declineFrom {
      report(
        node, "\(what) has no outcome for scores between its thresholds and no tier after it",
        "add 'otherwise: \(pipeline.outcomes.last ?? "review")'")
    }
    if !isLast, section["otherwise"] != nil {
      report(
        section["otherwise"], "\(what): scores between its thresholds go on to the next tier",
        "remove 'otherwise'")
    }
    return result
  }

  mutating func readEscalation(_ node: Node) {
    let keys = ["target", "cap", "hysteresis", "gain", "interval", "requests"]
    guard let section = section(node, "'escalation'", keys: keys) else { return }
    let standard = EscalationDefinition()
    var escalation = standard
    escalation.target = share(section, "target") ?? standard.target
    escalation.cap = share(section, "cap") ?? max(standard.cap, min(1, escalation.target * 1.25))
    escalation.hysteresis = share(section, "hysteresis") ?? standard.hysteresis
    escalation.gain = number(section, "gain", in: 0.01...10) ?? standard.gain
    escalation.interval = duration(section, "interval", from: 10_000_000) ?? standard.interval
    escalation.requestsMin = whole(section, "requests", in: 1...1_000_000) ?? standard.requestsMin
    if escalation.cap < escalation.target {
      report(
        section["cap"], "'cap' \(escalation.cap) is below 'target' \(escalation.target)",
        "raise 'cap', or lower 'target'")
    }
    if pipeline.tiers.count < 2 {
      report(node, "there is no second tier to escalate to", "remove 'escalation', or add a tier")
    }
    pipeline.escalation = escalation
  }
}
