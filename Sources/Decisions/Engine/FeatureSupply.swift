package import Features

/// Where a decision's features come from.
package enum FeatureSupply: Sendable {
  /// From the pipeline's store, as of the event time; the decision is appended as an event.
  case store
  /// From the caller, in the order of the pipeline's service, as when a record is decided again;
  /// others than the service has count as not to be had in time. Nothing is appended.
  case given(FeatureVector)
}
