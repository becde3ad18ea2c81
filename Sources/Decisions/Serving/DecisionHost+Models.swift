extension DecisionHost {
  /// The models that the tiers of some pipelines ask, sorted: those to load before ``open``.
  ///
  /// - Parameter pipelines: files of pipelines.
  /// - Throws: everything that is wrong with the files.
  package static func models(
    of pipelines: [String]
  ) throws(DecisionHostFailure) -> [String] {
    let plan = try HostPlan(pipelines)
    return Set(plan.definitions.flatMap { $0.tiers.filter(\.asksModel).map(\.model) }).sorted()
  }
}
