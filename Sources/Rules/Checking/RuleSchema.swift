/// One declared field of the rows that rules read.
package struct RuleField: Sendable, Hashable {
  /// The name as rules write it: words of letters, digits and `_`, joined by dots.
  package let name: String
  /// The type of every value of the field; never ``RuleType/null``.
  package let type: RuleType
  /// Whether a row may lack the value; the field is then `null`.
  package let isNullable: Bool

  /// A field; ``RuleSchema/init(_:)`` checks the name.
  package init(_ name: String, _ type: RuleType, isNullable: Bool = false) {
    self.name = name
    self.type = type
    self.isNullable = isNullable
  }
}

/// The fields that rules may read, in the order of a ``RuleRow``.
package struct RuleSchema: Sendable {
  /// The fields; a field's place is its index in rows.
  package let fields: [RuleField]
  private let indices: [String: Int]
  /// Tells schemas apart: rows fit only expressions of an equal schema.
  let fingerprint: UInt64

  /// A schema of these fields.
  ///
  /// - Throws: every name that is malformed, reserved, declared twice or the beginning of another.
  package init(_ fields: [RuleField]) throws(RuleSchemaError) {
    var problems: [String] = []
    var indices: [String: Int] = [:]
    if fields.count > RuleLimits.fields {
      problems.append("\(fields.count) fields; the most is \(RuleLimits.fields)")
    }
    for (index, field) in fields.enumerated() {
      problems += Self.problem(ofName: field.name).map { [$0] } ?? []
      if field.type == .null {
        problems.append("field '\(field.name)': no field is of type null")
      }
      if indices.updateValue(index, forKey: field.name) != nil {
        problems.append("field '\(field.name)' is declared twice")
      }
    }
    for field in fields {
      let words = field.name.split(separator: ".", omittingEmptySubsequences: false)
      for count in 1..<max(1, words.count) {
        let beginning = words.prefix(count).joined(separator: ".")
        if indices[beginning] != nil {
          problems.append("field '\(beginning)' is also the beginning of '\(field.name)'")
        }
      }
    }
    guard problems.isEmpty else { throw RuleSchemaError(problems: problems) }
    self.fields = fields
    self.indices = indices
    fingerprint = Self.fingerprint(of: fields)
  }

  /// The index of a field, for ``RuleRow``; `nil` if it is not declared.
  package func index(of name: String) -> Int? { indices[name] }

  private static func problem(ofName name: String) -> String? {
    let words = name.split(separator: ".", omittingEmptySubsequences: false)
    for word in words {
      guard let first = word.utf8.first, Lexer.isLetter(first),
        word.utf8.allSatisfy({ Lexer.isLetter($0) || Lexer.isDigit($0) })
      else {
        return "field '\(name)': a name is words of letters, digits and '_', joined by dots"
      }
      if ["true", "false", "null", "in"].contains(word) {
        return "field '\(name)': '\(word)' is a reserved word"
      }
    }
    if let first = words.first, ReservedWords.all.contains(String(first)) || first == "math" {
      return "field '\(name)': '\(first)' is a reserved word"
    }
    return nil
  }

  /// FNV-1a over names, types and nullability.
  private static func fingerprint(of fields: [RuleField]) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for field in fields {
      for byte in "\(field.name) \(field.type.rawValue) \(field.isNullable)\n".utf8 {
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3
      }
    }
    return hash
  }

  /// The declared name closest to `name`, if one is close enough to be what was meant.
  func suggestion(for name: String) -> String? {
    let names = fields.map(\.name)
    // The same last word under another beginning is meant more often than it is mistyped.
    return NearestName.nearest(to: name, among: names)
      ?? names.first { $0.split(separator: ".").last == name.split(separator: ".").last }
  }
}

/// What is wrong with the declared fields.
package struct RuleSchemaError: Error, Sendable, Hashable, CustomStringConvertible {
  /// One line each.
  package let problems: [String]

  /// One problem a line.
  package var description: String { problems.joined(separator: "\n") }
}
