internal import Rules

extension PipelineDefinition {
  /// The input fields that rules, conditions or models read; a name that only seems to be read
  /// counts. Those that only lead to features do not.
  func fieldsRead() -> Set<Int> {
    var names: Set<String> = []
    func add(_ expression: CompiledExpression?) {
      if let expression { names.formUnion(Self.words(expression.source)) }
    }
    func add(_ rules: OutcomeRules?) {
      for condition in rules?.rules.conditions ?? [] { add(condition) }
    }
    add(gate)
    add(overrides)
    for rung in ladder {
      if case .rules(let rules) = rung { add(rules) }
    }
    var read: Set<Int> = []
    for tier in tiers {
      add(tier.condition?.expression)
      switch tier.kind {
      case .model: break
      case .rules(let rules): add(rules)
      case .expression(let expression): add(expression)
      }
      for column in tier.inputs.flatMap(\.columns) {
        if case .field(let index) = column { read.insert(index) }
      }
    }
    for (index, field) in inputs.fields.enumerated() where names.contains(field.name) {
      read.insert(index)
    }
    return read
  }

  /// The words of an expression: what is not a letter, a digit or an underscore ends one.
  private static func words(_ source: String) -> Set<String> {
    Set(
      source.utf8.split { byte in
        !(byte == UInt8(ascii: "_") || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
          || byte | 0x20 >= UInt8(ascii: "a") && byte | 0x20 <= UInt8(ascii: "z"))
      }.map { String(decoding: $0, as: UTF8.self) })
  }
}
