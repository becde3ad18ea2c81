/// One rule: when it applies, and what it then says.
package struct RuleDefinition: Sendable {
  /// Unique in its set; shown in records and errors.
  package let name: String
  /// The condition: an expression of type bool.
  package let when: String
  /// The reason code that a decision carries.
  package let reason: String
  /// What the caller does when the rule matches; the set only keeps it.
  package let action: Int

  /// A rule, not yet compiled.
  package init(name: String, when: String, reason: String, action: Int) {
    self.name = name
    self.when = when
    self.reason = reason
    self.action = action
  }
}

/// Rules in order, compiled for one schema. Immutable; evaluating allocates nothing.
package struct RuleSet: Sendable {
  /// The rules, in the order they are evaluated; their index is what outcomes name.
  package let rules: [RuleDefinition]
  /// The compiled condition of each rule.
  package let conditions: [CompiledExpression]
  /// All conditions once more in one program: going through separate ones would count references.
  private let program: Program
  private let segments: [Program.Segment]
  private let schemaFingerprint: UInt64

  /// Compiles the rules.
  ///
  /// - Throws: every problem of every rule.
  package init(_ rules: [RuleDefinition], schema: RuleSchema) throws(RuleSetProblems) {
    var conditions: [CompiledExpression] = []
    var program = Program()
    var segments: [Program.Segment] = []
    var problems: [RuleSetProblems.Problem] = []
    var names: Set<String> = []
    if rules.count > RuleLimits.rules {
      let message = "\(rules.count) rules; the most is \(RuleLimits.rules)"
      problems.append(.init(rule: RuleLimits.rules, name: "", text: message, problem: nil))
    }
    for (index, rule) in rules.enumerated() {
      if !names.insert(rule.name).inserted {
        let text = "rule '\(rule.name)': another rule has this name"
        problems.append(.init(rule: index, name: rule.name, text: text, problem: nil))
      }
      do throws(RuleProblems) {
        conditions.append(
          try CompiledExpression(
            rule.when, schema: schema, expecting: .bool, appendingTo: &program, &segments))
      } catch {
        for problem in error.problems {
          let text = "rule '\(rule.name)': \(problem)"
          problems.append(.init(rule: index, name: rule.name, text: text, problem: problem))
        }
      }
    }
    guard problems.isEmpty else { throw RuleSetProblems(problems: problems) }
    self.rules = rules
    self.conditions = conditions
    self.program = program
    self.segments = segments
    schemaFingerprint = schema.fingerprint
  }

  /// The first rule that matches. Rules that fail do not match, and are counted.
  package func firstMatch(_ row: borrowing RuleRow) -> RuleMatch {
    precondition(row.fingerprint == schemaFingerprint, "the row is of another schema")
    var match = RuleMatch()
    for index in segments.indices where check(index, row, &match) {
      match.rule = index
      match.count = 1
      break
    }
    return match
  }

  /// Every rule that matches: their indices, ascending, at the front of `matched`.
  ///
  /// ``RuleMatch/count`` counts those too that found no room in `matched`.
  package func allMatches(
    _ row: borrowing RuleRow, into matched: inout MutableSpan<UInt16>
  ) -> RuleMatch {
    precondition(row.fingerprint == schemaFingerprint, "the row is of another schema")
    var match = RuleMatch()
    for index in segments.indices where check(index, row, &match) {
      if match.count < matched.count { matched[match.count] = UInt16(index) }
      if match.count == 0 { match.rule = index }
      match.count += 1
    }
    return match
  }

  @inline(__always)
  private func check(
    _ index: Int, _ row: borrowing RuleRow, _ match: inout RuleMatch
  ) -> Bool {
    let segment = segments[index]
    let slot = program.run(
      segment, values: row.values.span, present: row.present.span, bytes: row.bytes.span)
    if slot.state == .value { return slot.isTrue }
    if match.failures == 0 {
      match.failedRule = index
      match.failure = program.failure(
        slot.required(step: segment.end - segment.start - 1), in: segment)
    }
    match.failures += 1
    return false
  }
}

/// What a set of rules gave for one row; trivial to copy.
package struct RuleMatch: Sendable, Hashable {
  /// The index of the first rule that matched.
  package internal(set) var rule: Int?
  /// How many rules matched; at most one where the first is asked for.
  package internal(set) var count = 0
  /// How many conditions failed among those evaluated.
  package internal(set) var failures = 0
  /// The index of the first rule whose condition failed, and why.
  package internal(set) var failedRule: Int?
  /// Why the condition of ``failedRule`` failed.
  package internal(set) var failure: RuleFailure?
}

/// Everything that is wrong with a set of rules.
package struct RuleSetProblems: Error, Sendable, Hashable, CustomStringConvertible {
  /// One problem of one rule.
  package struct Problem: Sendable, Hashable {
    /// The index of the rule.
    package let rule: Int
    /// The name of the rule.
    package let name: String
    /// The problem in words, with the rule's name.
    package let text: String
    /// The place in the rule's condition, if the problem is there.
    package let problem: RuleProblem?
  }

  /// The problems in the order of the rules.
  package let problems: [Problem]

  /// One problem a line.
  package var description: String { problems.map(\.text).joined(separator: "\n") }
}
