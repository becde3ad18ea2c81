/// What an interference did and what the server made of it.
package struct InterferenceFigures: Sendable, Equatable, CustomStringConvertible {
  /// The kind, as the scenario spells it.
  package var name: String
  /// Connections, requests or loads begun.
  package var attempts = 0
  /// What came of them: `answered 413`, `closed by the server`, each with how often.
  package private(set) var endings: [String: Int] = [:]
  /// Different endings kept; further ones are counted together.
  private static let endingsMax = 16

  package init(name: String) { self.name = name }

  /// Counts one end.
  package mutating func end(_ text: String) {
    let isKnown = endings[text] != nil || endings.count < Self.endingsMax
    endings[isKnown ? text : "ended otherwise", default: 0] += 1
  }

  /// For example `oversized: 16 begun; 16 answered 413`.
  package var description: String {
    let ends = endings.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value) \($0.key)" }
    return "\(name): \(attempts) begun" + (ends.isEmpty ? "" : "; " + ends.joined(separator: ", "))
  }
}
