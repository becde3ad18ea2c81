/// What the decisions of one pipeline share: breakers, calls in flight, and the escalated share.
///
/// A value; whoever holds it guards it.
package struct PipelineState: Sendable {
  /// One tier's part.
  package struct TierState: Sendable {
    package var breaker: CircuitBreaker
    /// Calls whose answer has not come, those nobody waits for any more included.
    package var inFlight = 0
  }

  package var tiers: [TierState]
  /// By tier but the last: who goes on to the next.
  package var escalations: [EscalationController]
  /// Decisions under way.
  package var underWay = 0

  /// A state in which nothing has happened.
  package init(_ pipeline: PipelineDefinition) {
    tiers = pipeline.tiers.map {
      TierState(breaker: CircuitBreaker($0.breaker, slow: $0.timeout))
    }
    escalations = pipeline.tiers.dropLast().map { _ in
      EscalationController(pipeline.escalation)
    }
  }
}
