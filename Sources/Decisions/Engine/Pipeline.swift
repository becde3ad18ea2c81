package import Features
internal import Synchronization

/// One pipeline as it serves: its definition and what its decisions share. Any thread.
///
/// Two locks, each held for less than a microsecond.
package final class Pipeline: Sendable {
  package let definition: PipelineDefinition
  package let features: FeatureStore?
  /// Whether its features go with the process.
  let isVolatile: Bool
  /// Whether an answer waits until the event of its decision is on disk.
  let waitsForEvent: Bool
  let state: Mutex<PipelineState>
  let requests = Mutex(RecentRequests())

  /// A pipeline that has decided nothing.
  ///
  /// - Parameter features: of the views that the definition names.
  package init(_ definition: PipelineDefinition, features: FeatureStore?) {
    self.definition = definition
    self.features = features
    isVolatile = features?.isVolatile ?? true
    waitsForEvent =
      definition.durability != .afterResponse && !isVolatile && definition.features?.event != nil
    state = Mutex(PipelineState(definition))
  }

  /// A copy of the shared state: breakers, calls in flight, escalation.
  package func currentState() -> PipelineState { state.withLock { $0 } }
}
