internal import Rules
package import Yams

// Values by key. A key that is absent is no mistake; `required` ones are asked for by name.
extension DefinitionReading {
  /// A mapping; keys other than `keys` are reported, and so are missing ones of `required`.
  ///
  /// - Returns: `nil` if it is none, or a required key is missing.
  package mutating func section(
    _ node: Node, _ what: String, keys: [String], required: [String] = []
  ) -> Section? {
    guard let section = knownKeys(node, what, keys: keys) else { return nil }
    return hasAll(required, section, node, what) ? section : nil
  }

  /// A mapping; keys other than `keys` are reported. `nil` if it is none.
  package mutating func knownKeys(_ node: Node, _ what: String, keys: [String]) -> Section? {
    guard let mapping = node.mapping else {
      report(node, "\(what) takes 'key: value' pairs", "known here: " + list(keys))
      return nil
    }
    var section: Section = [:]
    for (key, value) in mapping {
      guard let name = key.scalar?.string, keys.contains(name) else {
        let name = key.scalar?.string ?? ""
        report(
          key, "unknown key '\(name.prefix(80))' in \(what)",
          NearestName.nearest(to: name, among: keys).map { "did you mean '\($0)'?" }
            ?? "known here: " + list(keys))
        continue
      }
      section[name] = value
    }
    return section
  }

  /// Whether a section has all of `keys`; reports those that are missing.
  package mutating func hasAll(
    _ keys: [String], _ section: Section, _ node: Node, _ what: String
  ) -> Bool {
    var isComplete = true
    for name in keys where section[name] == nil {
      report(node, "\(what) has no '\(name)'", "add '\(name): …'")
      isComplete = false
    }
    return isComplete
  }

  /// The pairs of a mapping whose keys are names.
  package mutating func pairs(
    _ node: Node, _ what: String
  ) -> [(key: Node, name: String, value: Node)] {
    guard let mapping = node.mapping else {
      report(node, "\(what) takes 'name: …' pairs", "write each as 'NAME: …'")
      return []
    }
    return mapping.compactMap { key, value in
      guard let name = key.scalar?.string, !name.isEmpty else {
        report(key, "a name in \(what) must be a word")
        return nil
      }
      return (key, name, value)
    }
  }

  /// A list's elements; one value stands for a list of it.
  package mutating func list(_ node: Node?, _ what: String) -> [Node] {
    guard let node else { return [] }
    if let sequence = node.sequence { return Array(sequence) }
    if node.scalar != nil { return [node] }
    report(node, "'\(what)' takes a list", "write it as '[A, B]', or each after a '-'")
    return []
  }

  /// One text.
  package mutating func text(_ section: Section, _ key: String) -> String? {
    guard let node = section[key] else { return nil }
    guard let text = node.scalar?.string, !text.isEmpty else {
      report(node, "'\(key)' takes one value", "write it as '\(key): VALUE'")
      return nil
    }
    return text
  }

  /// A whole number inside `range`.
  package mutating func whole(
    _ section: Section, _ key: String, in range: ClosedRange<Int>
  ) -> Int? {
    guard let text = text(section, key) else { return nil }
    guard let number = Int(text), range.contains(number) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        "use a whole number, \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// A finite number inside `range`.
  package mutating func number(
    _ section: Section, _ key: String, in range: ClosedRange<Double>? = nil
  ) -> Double? {
    number(section[key], key, in: range)
  }

  /// A finite number inside `range`; `key` is its name in problems.
  package mutating func number(
    _ node: Node?, _ key: String, in range: ClosedRange<Double>? = nil
  ) -> Double? {
    guard let node else { return nil }
    let text = node.scalar?.string ?? ""
    if let number = Double(text), number.isFinite, range?.contains(number) ?? true {
      return number
    }
    let bounds = range.map { ", \($0.lowerBound) to \($0.upperBound)" } ?? ""
    report(node, "'\(key)' is '\(text.prefix(80))'", "use a number\(bounds)")
    return nil
  }

  /// A share: `20%` or `0.2`, up to 1.
  package mutating func share(_ section: Section, _ key: String) -> Double? {
    guard let text = text(section, key) else { return nil }
    let isPercent = text.hasSuffix("%")
    let written = Double(isPercent ? String(text.dropLast()) : text)
    let number = written.map { isPercent ? $0 / 100 : $0 }
    if let number, (0...1).contains(number) { return number }
    report(section[key], "'\(key)' is '\(text.prefix(80))'", "use a share, as '20%' or '0.2'")
    return nil
  }

  /// `true` or `false`.
  package mutating func flag(_ section: Section, _ key: String) -> Bool? {
    guard let text = text(section, key) else { return nil }
    if text == "true" || text == "false" { return text == "true" }
    report(section[key], "'\(key)' is '\(text.prefix(80))'", "use true or false")
    return nil
  }

  /// One of the words of an enumeration.
  package mutating func word<Word: RawRepresentable & CaseIterable>(
    _ section: Section, _ key: String, _ type: Word.Type
  ) -> Word? where Word.RawValue == String {
    guard let text = text(section, key) else { return nil }
    if let word = Word(rawValue: text) { return word }
    report(
      section[key], "'\(key)' is '\(text.prefix(80))'",
      NearestName.fix(for: text, among: Word.allCases.map(\.rawValue)))
    return nil
  }

  /// Names in a row, for a message.
  package func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}
