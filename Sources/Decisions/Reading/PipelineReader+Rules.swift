internal import Definitions
internal import Rules
internal import Yams

extension PipelineReader {
  /// Rules whose first match decides.
  ///
  /// - Parameter before: where the rules run before there is a score, what comes after them.
  mutating func readRules(_ node: Node, _ what: String, before: String?) -> OutcomeRules? {
    var rules: [RuleDefinition] = []
    var conditions: [Node] = []
    for element in list(node, what) {
      let keys = ["name", "when", "decide", "reason"]
      guard let section = section(element, "a rule of '\(what)'", keys: keys, required: keys),
        let name = text(section, "name"), let when = text(section, "when"),
        let reason = text(section, "reason"),
        let decided = outcome(section["decide"], "'decide'"), let condition = section["when"]
      else { continue }
      checkWord(section["name"], name, "a rule's name")
      checkWord(section["reason"], reason, "a reason")
      if rules.contains(where: { $0.name == name }) {
        report(
          section["name"], "another rule of '\(what)' is named '\(name)'", "rename one of them")
        continue
      }
      rules.append(RuleDefinition(name: name, when: when, reason: reason, action: decided))
      conditions.append(condition)
    }
    guard let schema = pipeline.fields.schema, !rules.isEmpty else { return nil }
    for (rule, condition) in zip(rules, conditions) {
      check(rule.when, condition, "rule '\(rule.name)'", before: before)
    }
    do throws(RuleSetProblems) {
      return OutcomeRules(rules: try RuleSet(rules, schema: schema))
    } catch {
      // Those with a place in a condition were reported there.
      for one in error.problems where one.problem == nil {
        report(node, "'\(what)': \(one.text)", "keep within that")
      }
      return nil
    }
  }

  /// Compiles one expression; reports what is wrong with it.
  @discardableResult
  mutating func check(
    _ text: String, _ node: Node, _ what: String, before: String? = nil,
    expecting type: RuleType = .bool
  ) -> CompiledExpression? {
    guard let schema = pipeline.fields.schema, !hasBrokenViews else { return nil }
    do throws(RuleProblems) {
      let compiled = try CompiledExpression(text, schema: schema, expecting: type)
      if let before, let early = earlySchema,
        (try? CompiledExpression(text, schema: early, expecting: type)) == nil
      {
        report(
          node,
          "\(what) reads 'score', 'tier' or 'outcome', which there is none of before \(before)",
          "move it to 'rules', which run after the score")
      }
      return compiled
    } catch {
      for problem in error.problems { report(problem, in: node, what) }
      return nil
    }
  }

  /// The fields without those that only tiers give.
  private var earlySchema: RuleSchema? {
    guard let schema = pipeline.fields.schema else { return nil }
    return try? RuleSchema(Array(schema.fields.prefix(pipeline.fields.score)))
  }
}
