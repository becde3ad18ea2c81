internal import Decisions
internal import Features
internal import Records

extension DecisionHost {
  /// Whether decisions can be kept as they promise: no disk has failed for good.
  package var isHealthy: Bool {
    if let records, records.statistics.failure != nil { return false }
    return stores.allSatisfy { $0.store.failure == nil }
  }
}
