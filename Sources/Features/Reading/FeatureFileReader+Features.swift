internal import Definitions
internal import Rules
internal import Windowing
internal import Yams

extension FeatureFileReader {
  private static let featureKeys = [
    "name", "aggregate", "of", "filter", "windows", "default", "ttl", "stale", "delay",
    "precision", "accuracy", "quantile", "half_life",
  ]
  private static let aggregates = [
    "count", "sum", "mean", "min", "max", "variance", "standard_deviation", "rate", "first",
    "last", "distinct", "quantile", "decayed_sum", "decayed_count",
  ]

  mutating func readFeature(_ node: Node, into draft: inout ViewDraft) {
    let name = node.mapping?["name"]?.scalar?.string ?? ""
    let short = draft.windows.map { "\(name)_\($0.name)" }
    let names = short + short.map { "\(draft.name).\($0)" }
    declaring(names) { $0.readDeclared(node, into: &draft) }
  }

  private mutating func readDeclared(_ node: Node, into draft: inout ViewDraft) {
    guard
      let section = section(
        node, "a feature", keys: Self.featureKeys, required: ["name", "aggregate"]),
      let name = text(section, "name"), let aggregate = aggregate(section)
    else { return }
    guard let nameNode = section["name"], checkName(nameNode, name) else { return }
    var output = AggregateOutput(aggregate, window: 0)
    guard readInput(section, name, &output, &draft) else { return }
    if let filter = section["filter"] {
      guard
        let compiled = expression(
          filter, "the filter of '\(name)'", names: draft.names, type: .bool)
      else { return }
      output.filter = draft.place(compiled)
    }
    let type: RuleType = aggregate == .count ? .int : .double
    let bits = defaultBits(section["default"], type)
    let ttl = span(section, "ttl", from: 1) ?? draft.ttl
    let onStale = word(section, "stale", StalePolicy.self) ?? draft.onStale ?? .serve
    let delay = span(section, "delay") ?? 0
    for window in windows(of: section, name, draft) {
      guard let spec = try? WindowSpec(length: window.length, hop: window.hop, delay: delay) else {
        continue
      }
      let hops = (window.length + delay + draft.lateness) / window.hop
      guard hops <= ViewDraft.hopsMax else {
        report(
          section["delay"] ?? section["name"],
          "'\(name)' would keep \(hops) hops of \(SpanText.text(window.hop)) in the window "
            + "'\(window.name)'; the most is \(ViewDraft.hopsMax)",
          "give the window a longer hop: {length: \(window.name), hop: …}")
        continue
      }
      output.window = draft.place(spec)
      let full = "\(draft.name).\(name)_\(window.name)"
      if definitions.slots.contains(where: { $0.name == full }) {
        report(section["name"], "the feature '\(full)' is declared twice", "choose another name")
        continue
      }
      draft.outputs.append(output)
      definitions.slots.append(
        FeatureSlot(
          name: full, type: type,
          isNullable: bits == nil && !Self.isZeroWhenEmpty(aggregate), defaultBits: bits,
          ttl: ttl, onStale: onStale))
    }
    if !definitions.slots.isEmpty { checkStale(definitions.slots.count - 1, node) }
  }

  private static func isZeroWhenEmpty(_ aggregate: Aggregate) -> Bool {
    switch aggregate {
    case .count, .sum, .rate, .distinct, .decayedSum, .decayedCount: true
    case .mean, .minimum, .maximum, .variance, .standardDeviation, .first, .last, .quantile: false
    }
  }

  /// The windows of a feature: its own choice, or all of the view.
  private mutating func windows(
    of section: Section, _ name: String, _ draft: ViewDraft
  ) -> [ViewDraft.Window] {
    if draft.windows.isEmpty {
      report(section["name"], "the view '\(draft.name)' has no 'windows'", "add windows: [1h]")
    }
    guard section["windows"] != nil else { return draft.windows }
    return list(section["windows"], "windows").compactMap { node in
      let text = node.scalar?.string ?? ""
      if let window = draft.windows.first(where: { $0.name == text }) { return window }
      report(
        node, "'\(name)' names the window '\(text.prefix(40))', which the view does not have",
        NearestName.fix(for: text, among: draft.windows.map(\.name)))
      return nil
    }
  }

  /// The field that an aggregate reads.
  private mutating func readInput(
    _ section: Section, _ name: String, _ output: inout AggregateOutput, _ draft: inout ViewDraft
  ) -> Bool {
    var isDistinct = false
    if case .distinct = output.aggregate { isDistinct = true }
    guard let of = text(section, "of") else {
      guard output.aggregate.readsValue || isDistinct else { return section["of"] == nil }
      report(section["aggregate"], "'\(name)' needs a field", "add 'of: …'")
      return false
    }
    guard let field = draft.schema.index(of: of) else {
      report(
        section["of"], "the source has no field '\(of.prefix(80))'",
        NearestName.fix(for: of, among: draft.schema.fields.map(\.name)))
      return false
    }
    let type = draft.schema.fields[field].type
    if output.aggregate.readsValue, type == .string {
      report(
        section["of"],
        "'\(of)' is of type string, and \(text(section, "aggregate") ?? "") takes "
          + "numbers", "use distinct or count, or another field")
      return false
    }
    output.input = draft.input(field, isHash: isDistinct)
    return true
  }

  private mutating func aggregate(_ section: Section) -> Aggregate? {
    guard let word = text(section, "aggregate") else { return nil }
    let parameters = ["precision", "accuracy", "quantile", "half_life"]
    let taken: [String]
    let result: Aggregate?
    switch word {
    case "distinct":
      taken = ["precision"]
      result = .distinct(precision: whole(section, "precision", in: 4...16) ?? 11)
    case "quantile":
      taken = ["quantile", "accuracy"]
      result = quantile(section)
    case "decayed_sum", "decayed_count":
      taken = ["half_life"]
      result = decayed(section, isSum: word == "decayed_sum")
    default:
      taken = []
      result = Self.plain(word)
      if result == nil {
        report(
          section["aggregate"], "no aggregate is named '\(word.prefix(80))'",
          NearestName.fix(for: word, among: Self.aggregates))
      }
    }
    for name in parameters where section[name] != nil && !taken.contains(name) && result != nil {
      report(section[name], "'\(word)' takes no '\(name)'", "remove it")
    }
    return result
  }

  private mutating func quantile(_ section: Section) -> Aggregate? {
    guard section["quantile"] != nil else {
      report(section["aggregate"], "which quantile is not said", "add 'quantile: 0.95'")
      return nil
    }
    let accuracy = number(section["accuracy"], "accuracy") ?? 0.01
    guard let share = number(section["quantile"], "quantile") else { return nil }
    guard (0...1).contains(share) else {
      report(
        section["quantile"], "'quantile' is \(share)", "use 0 to 1: 0.95 for the 95th percentile")
      return nil
    }
    guard (0.001...0.2).contains(accuracy) else {
      report(section["accuracy"], "'accuracy' is \(accuracy)", "use 0.001 to 0.2")
      return nil
    }
    return .quantile(share, accuracy: accuracy)
  }

  private mutating func decayed(_ section: Section, isSum: Bool) -> Aggregate? {
    guard section["half_life"] != nil else {
      report(section["aggregate"], "the half-life is not said", "add 'half_life: 1h'")
      return nil
    }
    guard let halfLife = span(section, "half_life", from: 1_000_000) else { return nil }
    return isSum ? .decayedSum(halfLife: halfLife) : .decayedCount(halfLife: halfLife)
  }

  private static func plain(_ word: String) -> Aggregate? {
    switch word {
    case "count": .count
    case "sum": .sum
    case "mean": .mean
    case "min": .minimum
    case "max": .maximum
    case "variance": .variance
    case "standard_deviation": .standardDeviation
    case "rate": .rate
    case "first": .first
    case "last": .last
    default: nil
    }
  }

  /// One derived feature of the view that was declared last.
  mutating func readDerived(_ node: Node, of view: String) {
    let name = node.mapping?["name"]?.scalar?.string ?? ""
    declaring([name, "\(view).\(name)"]) { $0.readExpression(node, of: view) }
  }

  private mutating func readExpression(_ node: Node, of view: String) {
    let keys = ["name", "type", "expression", "default"]
    guard
      let section = section(
        node, "a derived feature", keys: keys, required: ["name", "type", "expression"]),
      let name = text(section, "name"), let nameNode = section["name"], checkName(nameNode, name),
      let type = resultType(section), let text = section["expression"]
    else { return }
    let place = definitions.views.count - 1
    let full = "\(view).\(name)"
    guard !definitions.slots.contains(where: { $0.name == full }) else {
      return report(nameNode, "the feature '\(full)' is declared twice", "choose another name")
    }
    let names = definitions.slots.indices.filter {
      definitions.slots[$0].name.hasPrefix(view + ".")
    }.map { slot in
      let read = definitions.slots[slot]
      return (
        field: RuleField(
          String(read.name.dropFirst(view.count + 1)), read.type, isNullable: read.isNullable),
        input: slot
      )
    }
    let bits = defaultBits(section["default"], type)
    guard let compiled = expression(text, "'\(full)'", names: names, type: type) else { return }
    definitions.views[place].derived.append(
      DerivedFeature(slot: definitions.slots.count, expression: definitions.expressions.count))
    definitions.expressions.append(compiled)
    definitions.slots.append(
      FeatureSlot(name: full, type: type, isNullable: bits == nil, defaultBits: bits))
  }

  /// The type of an expression's result: one that a model can take.
  mutating func resultType(_ section: Section) -> RuleType? {
    guard let word = text(section, "type") else { return nil }
    let types: [RuleType] = [.double, .int, .bool]
    if let type = types.first(where: { $0.rawValue == word }) { return type }
    report(
      section["type"], "'type' is '\(word.prefix(80))'",
      NearestName.fix(for: word, among: types.map(\.rawValue)))
    return nil
  }
}
