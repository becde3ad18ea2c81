internal import Definitions
internal import Yams

/// Reads one text of a pipeline and collects every mistake with its place.
struct PipelineReader: DefinitionReading {
  var source: DefinitionSource
  var pipeline = PipelineDefinition()
  /// Where the tiers, rungs and such stand, for what is found out later.
  var tierNodes: [Node] = []
  var tierNames: [String] = []
  /// Whether the views are wrong, so that what reads features cannot be checked.
  var hasBrokenViews = false

  init(path: String, text: String) { source = DefinitionSource(path: path, text: text) }

  /// A duration in nanoseconds, from `least` on.
  mutating func duration(_ section: Section, _ key: String, from least: Int64 = 1_000) -> Int64? {
    guard let text = text(section, key) else { return nil }
    guard let value = DurationText.nanoseconds(text) else {
      report(
        section[key], "'\(key)' is '\(text.prefix(80))'",
        DurationText.form + ", at most ten minutes")
      return nil
    }
    guard value >= least else {
      report(section[key], "'\(key)' is '\(text)'", "use at least \(DurationText.text(least))")
      return nil
    }
    return value
  }
}
