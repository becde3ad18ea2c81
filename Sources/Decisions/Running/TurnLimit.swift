/// How long a decision may wait on its thread for the model it meets first, and among how many:
/// what waits longer gets no score of a model that runs on the same thread.
package struct TurnLimit: Sendable, Equatable {
  /// The tier of that model.
  package let tier: Int
  /// Nanoseconds that the tier waits for its model.
  package let timeout: Int64
  /// The most calls of the tier in flight.
  package let concurrency: Int

  /// The limit of a pipeline's first tier with a model; `nil` if there is none, or if decisions
  /// may pass it over.
  package init?(_ pipeline: PipelineDefinition) {
    guard let tier = pipeline.tiers.firstIndex(where: { $0.asksModel }),
      pipeline.tiers[tier].condition == nil
    else { return nil }
    self.tier = tier
    timeout = pipeline.tiers[tier].timeout
    concurrency = pipeline.tiers[tier].concurrency
  }

  /// When the turn of a decision that comes now must have come, in monotonic nanoseconds. A quarter
  /// of the timeout is kept back, because the wait is an estimate.
  package func end(now: Int64) -> Int64 {
    let (end, overflow) = now.addingReportingOverflow(timeout / 4 * 3)
    return overflow ? .max : end
  }

  /// Whether the tier may have one more call.
  package func hasRoom(_ state: borrowing PipelineState) -> Bool {
    state.tiers[tier].inFlight < concurrency
  }
}
