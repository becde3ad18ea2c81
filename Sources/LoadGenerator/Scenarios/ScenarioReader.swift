package import Definitions
internal import Yams

/// Reads one YAML text and collects every mistake with its place.
package struct ScenarioReader: DefinitionReading {
  package var source: DefinitionSource

  /// - Parameter path: the file's name in problems.
  package init(path: String) { source = DefinitionSource(path: path, text: "") }
}

// Values by key. A key that is absent is no mistake; `required` ones are asked for by name.
extension ScenarioReader {
  /// A mapping; keys other than `keys` are reported, and so are missing ones of `required`, which
  /// do not make it unreadable.
  mutating func section(
    _ node: Node, _ what: String, keys: [String], required: [String] = []
  ) -> Section? {
    guard let section = knownKeys(node, what, keys: keys) else { return nil }
    _ = hasAll(required, section, node, what)
    return section
  }

  /// A list's elements.
  mutating func list(_ section: Section, _ key: String) -> [Node] {
    guard let node = section[key] else { return [] }
    guard let sequence = node.sequence else {
      report(node, "'\(key)' takes a list", "start each entry with '- '")
      return []
    }
    return Array(sequence)
  }

  /// One text or a list of them.
  mutating func texts(_ section: Section, _ key: String) -> [String] {
    guard let node = section[key] else { return [] }
    if let text = node.scalar?.string { return text.isEmpty ? [] : [text] }
    return list(section, key).compactMap { element in
      if let text = element.scalar?.string, !text.isEmpty { return text }
      report(element, "'\(key)' takes single values")
      return nil
    }
  }

  /// A duration in nanoseconds inside `range`.
  mutating func duration(
    _ section: Section, _ key: String, in range: ClosedRange<Int64> = 1_000...3_600_000_000_000
  ) -> Int64? {
    guard let text = text(section, key) else { return nil }
    guard let value = try? DurationText.parse(text), range.contains(value) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        "use a number with its unit, 20ms or 5s, from \(DurationText.format(range.lowerBound)) to "
          + DurationText.format(range.upperBound))
      return nil
    }
    return value
  }

  /// Bytes: `200MB`, `64KiB`, `1000`.
  mutating func bytes(_ section: Section, _ key: String, in range: ClosedRange<Int64>) -> Int64? {
    guard let text = text(section, key) else { return nil }
    guard let value = Self.bytes(text), range.contains(value) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        "use bytes, 64KiB or 200MB, from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  /// Bytes written with a decimal (kB, MB, GB) or binary (KiB, MiB, GiB) unit, or none.
  static func bytes(_ text: String) -> Int64? {
    let units: [(String, Double)] = [
      ("kib", 1024), ("mib", 1_048_576), ("gib", 1_073_741_824), ("kb", 1e3), ("mb", 1e6),
      ("gb", 1e9), ("b", 1), ("", 1),
    ]
    let folded = text.lowercased()
    guard let (unit, factor) = units.first(where: { folded.hasSuffix($0.0) }) else { return nil }
    let digits = folded.dropLast(unit.count).split(separator: " ").joined()
    guard let value = Double(digits), value.isFinite, value >= 0, value * factor < 1e15 else {
      return nil
    }
    return Int64(value * factor)
  }
}
