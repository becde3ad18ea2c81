package import Decisions
internal import Features
package import Monitoring
internal import Records

extension DecisionFigures {
  /// The figures of this moment. Takes each lock for microseconds.
  package init(_ host: DecisionHost, _ counts: [PipelineCounts]) {
    self.init()
    pipelines = host.engine.names.compactMap { name in
      host.engine.pipeline(named: name).map { pipeline in
        Self.pipeline(pipeline, counts.first { $0.pipeline == name })
      }
    }
    records = host.records.map { Self.records($0.statistics) }
    for (views, store) in host.stores { add(store, views: views) }
  }

  private static func pipeline(_ served: Decisions.Pipeline, _ counts: PipelineCounts?)
    -> Pipeline
  {
    let definition = served.definition
    let state = served.currentState()
    var result = Pipeline(name: definition.name, digest: definition.digest)
    result.underWay = state.underWay
    result.underWayLimit = definition.concurrency
    for (index, tier) in definition.tiers.enumerated() where index < state.tiers.count {
      var entry = Tier(name: tier.name)
      entry.breaker = state.tiers[index].breaker.state.word
      entry.openings = state.tiers[index].breaker.openings
      entry.inFlight = state.tiers[index].inFlight
      if index < state.escalations.count {
        entry.share = state.escalations[index].share
        entry.band = state.escalations[index].band
      }
      result.tiers.append(entry)
    }
    guard let counts else { return result }
    result.outcomes = counts.outcomes.map {
      Outcome(outcome: $0.outcome, decidedBy: $0.decidedBy, count: $0.count)
    }
    result.degraded = counts.degraded.map { ($0.word, $0.count) }
    result.failures = counts.failures.map { ($0.word, $0.count) }
    result.stages = counts.stages.map { ($0.name, $0.times) }
    result.degradedCount = counts.degradedCount
    result.lateCount = counts.lateCount
    return result
  }

  private static func records(_ statistics: RecordStatistics) -> Records {
    var result = Records()
    result.queuedRows = statistics.queuedRows
    result.queuedBytes = statistics.queuedBytes
    result.recorded = statistics.recorded
    result.duplicates = statistics.duplicates
    result.refused = statistics.refused
    result.failed = statistics.failed
    result.lost = statistics.lost
    result.commitTime = statistics.commitTime
    result.lastSequence = statistics.lastSequence
    result.isFailed = statistics.failure != nil
    return result
  }

  private mutating func add(_ store: FeatureStore, views: String) {
    let definitions = store.definitions
    var entry = Store(views: views)
    entry.bytes = store.byteCount
    entry.isFailed = store.failure != nil
    for (index, entity) in definitions.entities.enumerated() {
      entry.entities.append((entity.name, store.keyCount(entity: index), entity.keysMax))
    }
    stores.append(entry)
    for (index, source) in definitions.sources.enumerated() {
      let counts = store.counts(source: index)
      var entry = Source(name: source.name)
      entry.outcomes = [
        ("accepted", counts.accepted), ("duplicate", counts.duplicate), ("late", counts.late),
        ("future", counts.future), ("refused", counts.refused),
      ]
      entry.newest = store.newest(source: index)
      sources.append(entry)
    }
  }
}

extension CircuitBreaker.State {
  /// closed, open or half-open.
  package var word: String {
    switch self {
    case .closed: "closed"
    case .open: "open"
    case .halfOpen: "half-open"
    }
  }
}
