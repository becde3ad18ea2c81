import ArgumentParser

/// Flags of decision pipelines, their features and their records; values as in ``ListenerFlags``.
struct DecisionFlags: ParsableArguments {
  @Option(help: "A decision pipeline (YAML) to serve; repeat for several.")
  var pipeline: [String] = []
  @Option(
    help: ArgumentHelp(
      "Folder of feature state and of records; without it nothing survives and nothing is "
        + "recorded."))
  var state: String?
  @Flag(help: "Where feature views changed, build their state anew from the log of events.")
  var rebuildFeatures = false
  @Option(help: "How long records are kept, such as 90d or 12h (default: for ever).")
  var keepRecords: String?

  var values: [FlagValues] {
    let all: [(String, String?)] = [
      ("state", state), ("rebuild_features", rebuildFeatures ? "true" : nil),
      ("keep_records", keepRecords),
    ]
    return [("pipeline", pipeline)] + all.map { (key: $0.0, texts: $0.1.map { [$0] } ?? []) }
  }
}
